from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np
import pytest
import tf_keras as keras

from bench.attacks import ATTACKS
from bench.attacks.base import CrossEntropy, Threat, View
from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import EPS, AttackSpec, parse_eps
from bench.datasets.base import Dataset, Images, Labels, Split
from bench.errors import BenchError
from bench.evaluation.classifier import Classifier
from bench.evaluation.masking import masking
from bench.evaluation.referee import BoundViolation, Outcome, classes, judge
from bench.spec.run import Run

GRID = (0.0, 0.5, 1.0, 4.0, 16.0, 64.0)


def no_tick(done: int, total: int) -> None:
    assert done <= total


def trained(split: Split, classes: int = 4) -> Any:
    """Train a linear network on coarse pixels until it knows the four bands, or the two halves."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((32, 32, 3))
    x = keras.layers.AveragePooling2D(8)(keras.layers.Rescaling(1 / 70, offset=-1.7)(pixels))
    logits = keras.layers.Dense(classes)(keras.layers.Flatten()(x))
    model = keras.Model(pixels, logits)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(split.images.astype("float32"), split.labels, epochs=60, verbose=0)
    return model


@pytest.fixture(scope="module")
def view(tiny: Dataset) -> Classifier:
    return Classifier(trained(tiny.train))


@pytest.mark.parametrize("name", ATTACKS)
class TestEveryAttack:
    """The contract over the table."""

    def test_it_lowers_a_trained_networks_accuracy_and_is_the_identity_at_zero(
        self, name: str, view: Classifier, tiny: Dataset
    ) -> None:
        outcome = judge(ATTACKS[name](), view, tiny.val, GRID, no_tick)
        accuracy = outcome.right.mean(axis=1)
        assert accuracy[0] == (classes(view, tiny.val.images.astype(np.float32)) == tiny.val.labels).mean() > 0.9
        assert accuracy.min() < 0.5
        np.testing.assert_array_equal(outcome.labels, tiny.val.labels)

    def test_it_does_the_same_twice(self, name: str, view: Classifier, tiny: Dataset) -> None:
        twice = [judge(ATTACKS[name](), view, tiny.val, GRID, no_tick).predictions for _ in range(2)]
        np.testing.assert_array_equal(twice[0], twice[1])

    def test_it_prints_as_its_name(self, name: str, view: Classifier) -> None:
        del view
        attack = ATTACKS[name]()
        assert str(attack).startswith(name)
        assert "labels" in attack.threat(1.0).knowledge


class Planted:
    """An attack that does what a test tells it to."""

    kind: ClassVar[str] = "planted"

    def __init__(self, move: Callable[[Images, float], Any]) -> None:
        self.move = move

    def __str__(self) -> str:
        return self.kind

    def threat(self, trained_temperature: float) -> Threat:
        del trained_temperature
        return Threat("a plant", "a plant", None)

    def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
        del view, labels
        return (self.move(images, radius) for radius in eps)


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (lambda x, eps: x + np.float32(1.01 * eps + (eps == 0) * 0), "moved a pixel"),
        (lambda x, eps: x + np.float32(0.001) if eps == 0 else x, "at most 0"),
        (lambda x, eps: np.clip(x - np.float32(eps), -300, 300), "left the range"),
        (lambda x, eps: np.full_like(x, np.nan) if eps else x, "moved a pixel"),
        (lambda x, eps: x.astype(np.float64) if eps else x, "float64"),
        (lambda x, eps: x.astype(np.uint8) if eps else x, "uint8"),
        (lambda x, eps: x[:-1] if eps else x, "returned float32"),
    ],
)
def test_the_referee_refuses_an_attack_that_cheats(move: Any, said: str, view: Classifier, tiny: Dataset) -> None:
    with pytest.raises(BoundViolation, match=said):
        judge(Planted(move), view, tiny.val, (0.0, 4.0, 90.0), no_tick)


def test_an_attack_that_writes_into_its_input_does_not_move_the_referees_copy(view: Classifier, tiny: Dataset) -> None:
    def write(images: Images, eps: float) -> Images:
        images += np.float32(eps)
        return images

    with pytest.raises(BoundViolation, match="moved a pixel"):
        judge(Planted(write), view, tiny.val, (0.0, 1.0, 1.5), no_tick)


def test_an_attack_that_yields_too_little_is_refused(view: Classifier, tiny: Dataset) -> None:
    class Short(Planted):
        def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
            return super().__call__(view, images, labels, eps[:-1])

    with pytest.raises(BoundViolation, match="one attacked batch for each radius"):
        judge(Short(lambda x, _: x), view, tiny.val, (0.0, 1.0), no_tick)


def test_an_outcome_by_hand() -> None:
    predictions = np.array([[0, 1, 1, 0], [0, 1, 0, 0], [1, 1, 0, 1], [1, 1, 1, 0]])
    outcome = Outcome((0.0, 1.0, 2.0, 4.0), np.array([0, 1, 0, 0]), predictions)
    assert [row["accuracy"] for row in outcome.rows()] == [0.75, 1.0, 0.5, 0.5]
    assert [row["drop"] for row in outcome.rows()] == [0, -0.25, 0.25, 0.25]
    assert [row["accuracy_of_clean_right"] for row in outcome.rows()] == [1, 1, 1 / 3, 2 / 3]
    # The first radius at which the class differs from the clean one, even if it comes back, even if it was wrong.
    np.testing.assert_array_equal(outcome.first_flip, [2, -1, 1, 2])
    arrays = outcome.arrays(np.array([5, 6, 7, 8]))
    assert arrays["predictions"].dtype == np.uint8
    np.testing.assert_array_equal(arrays["indices"], [5, 6, 7, 8])


def test_logits_that_are_no_numbers_are_refused(tiny: Dataset) -> None:
    pixels = keras.Input((32, 32, 3))
    dense = keras.layers.Dense(4, kernel_initializer=keras.initializers.Constant(float("inf")))
    broken = Classifier(keras.Model(pixels, dense(keras.layers.Flatten()(pixels))))
    with pytest.raises(BenchError, match="NaN or infinite"):
        judge(ATTACKS["fgsm"](), broken, tiny.val, (0.0,), no_tick)


class TestGradients:
    """What the view counts: a masked gradient must show."""

    def saturated(self, tiny: Dataset, scale: float) -> Classifier:
        """Return a trained network whose logits are multiplied, which hides its gradient without changing a class."""
        model = trained(tiny.train)
        dense = model.layers[-1]
        dense.set_weights([scale * weight for weight in dense.get_weights()])
        return Classifier(model)

    def test_logits_times_1000_leave_no_gradient_and_it_is_counted(self, tiny: Dataset) -> None:
        plain, masked = self.saturated(tiny, 1), self.saturated(tiny, 1000)
        for each in (plain, masked):
            each.gradient(tiny.val.images.astype(np.float32), tiny.val.labels, CrossEntropy())
        assert plain.zero_images == 0
        assert masked.zero_images > 0.8
        assert masked.zero_pixels >= masked.zero_images
        assert masked.broken == 0

    @pytest.mark.parametrize(("temperature", "masked"), [(1.0, False), (20.0, True), (90.0, True)])
    def test_logits_as_large_as_a_temperature_makes_them_are_called_masked_for_who_does_not_know_it(
        self, tiny: Dataset, temperature: float, masked: bool
    ) -> None:
        # A network trained on logits / T to the same loss has logits T times as large. Of two classes, since there the
        # two losses differ in the size of their gradient alone.
        halves = [Split(split.images, split.labels // 2, split.names) for split in (tiny.train, tiny.val)]
        model = trained(halves[0], classes=2)
        dense = model.layers[-1]
        dense.set_weights([temperature * weight for weight in dense.get_weights()])
        view, records = Classifier(model, temperature), []
        for attack in (Fgsm(), Fgsm(knowledge="none"), Fgsm(loss="margin")):
            rows = judge(attack, view, halves[1], GRID, no_tick).rows()
            threat = asdict(attack.threat(temperature))
            records.append({"attack": str(attack), "rows": rows, "fraction": 1.0, "threat": threat})
        assert [finding["masked"] for finding in masking(records)] == [False, masked]

    def test_the_share_of_zero_pixels_by_hand(self) -> None:
        pixels = keras.Input((1, 2, 1))
        dense = keras.layers.Dense(2, use_bias=False)
        model = keras.Model(pixels, dense(keras.layers.Flatten()(pixels)))
        dense.set_weights([np.array([[1.0, 0.0], [0.0, 0.0]])])
        view = Classifier(model)
        view.gradient(np.ones((3, 1, 2, 1), np.float32), np.zeros(3, np.int64), CrossEntropy())
        assert (view.zero_images, view.zero_pixels) == (0, 0.5)
        view.forget()
        assert (view.zero_images, view.zero_pixels) == (0, 0)


class TestTrial:
    run = Run.of(arch="fc5", dataset="synthetic")

    def test_a_fifth_of_imagenette_is_the_reports_785_images_drawn_by_seed(self) -> None:
        spec = AttackSpec(ATTACKS["fgsm"](), fraction=0.2)
        drawn = spec.subset(self.run, 3925)
        assert len(set(drawn.tolist())) == len(drawn) == 785
        np.testing.assert_array_equal(drawn, spec.subset(self.run, 3925))
        assert (drawn != spec.subset(Run.of(arch="fc5", dataset="synthetic", seed=1), 3925)).any()
        assert 0.15 < (drawn < 785).mean() < 0.25

    def test_the_whole_is_everything_in_order(self) -> None:
        np.testing.assert_array_equal(AttackSpec(ATTACKS["fgsm"]()).subset(self.run, 7), np.arange(7))

    def test_another_grid_or_fraction_has_files_of_its_own(self) -> None:
        fgsm = ATTACKS["fgsm"]()
        names = [AttackSpec(fgsm).name, AttackSpec(fgsm, (0.0, 1.0)).name, AttackSpec(fgsm, fraction=0.5).name]
        assert names[0] == "fgsm"
        assert len(set(names)) == 3

    @pytest.mark.parametrize("text", ["-1,2", "0,256", "2,1", "1,1", "a", "0,nan", ""])
    def test_wrong_radii_are_refused(self, text: str) -> None:
        with pytest.raises(BenchError, match="eps"):
            AttackSpec(ATTACKS["fgsm"](), parse_eps(text))

    def test_zero_is_put_in_front(self) -> None:
        assert parse_eps("1,2") == (0.0, 1.0, 2.0)

    @pytest.mark.parametrize("fraction", [0.0, -0.5, 1.5, float("nan")])
    def test_a_wrong_fraction_is_refused(self, fraction: float) -> None:
        with pytest.raises(BenchError, match="attack fraction"):
            AttackSpec(ATTACKS["fgsm"](), fraction=fraction)

    def test_the_usual_grid_reaches_half_the_range(self) -> None:
        assert EPS[0] == 0
        assert EPS[-1] >= 127.5


def test_a_split_larger_than_a_chunk_is_judged_in_order(view: Classifier, tiny: Dataset) -> None:
    repeated = Split(np.tile(tiny.val.images, (8, 1, 1, 1)), np.tile(tiny.val.labels, 8), tiny.val.names * 8)
    once = judge(ATTACKS["fgsm"](), view, tiny.val, GRID, no_tick)
    many = judge(ATTACKS["fgsm"](), view, repeated, GRID, no_tick)
    np.testing.assert_array_equal(many.predictions, np.tile(once.predictions, (1, 8)))
