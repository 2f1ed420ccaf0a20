"""The referee: an attack that breaks its contract is refused, and the outcome of each image is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest
from targets import Linear, trained

from bench.attacks.base import Attack, Target, Threat
from bench.attacks.fgsm import Fgsm
from bench.attacks.norms import L2, LINF, Norm
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Dataset, Images, Labels, Split
from bench.errors import BenchError
from bench.evaluation.referee import BoundViolation, accuracy, classes, judge
from bench.records.outcomes import Outcomes

GRID = (0.0, 0.5, 1.0, 4.0, 16.0, 64.0)


def judged(attack: Attack, target: Target, images: Split, eps: tuple[float, ...], seed: int = 0) -> Outcomes:
    return judge(AttackSpec(attack, eps), target, images, np.arange(len(images)), seed, lambda *_: None)


@pytest.fixture(scope="module")
def target(tiny: Dataset) -> Linear:
    return trained(tiny.train)


@dataclass(frozen=True)
class Planted(Attack):
    """An attack that does what a test tells it to."""

    kind: ClassVar[str] = "planted"
    norm: ClassVar[Norm] = LINF

    move: Callable[[Images, float], Any] = lambda images, _: images
    seeds: list[int] = field(default_factory=list)

    def threat(self, trained_temperature: float) -> Threat:
        del trained_temperature
        return Threat("planted", "planted", None)

    def __call__(
        self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int
    ) -> Iterator[Images]:
        del target, labels
        self.seeds.append(seed)
        return (self.move(images, radius) for radius in eps)


class PlantedL2(Planted):
    norm: ClassVar[Norm] = L2


@pytest.mark.parametrize(
    ("move", "reason"),
    [
        (lambda x, eps: x + np.float32(1.01 * eps), "moved an image by 4.04.* in L-infinity: expected at most 4"),
        (lambda x, eps: x + np.float32(0.001) if eps == 0 else x, "expected at most 0"),
        (lambda x, eps: np.clip(x - np.float32(eps), -300, 300), "left the range"),
        (lambda x, eps: np.full_like(x, np.nan) if eps else x, "moved an image by nan"),
        (lambda x, eps: x.astype(np.float64) if eps else x, "float64"),
        (lambda x, eps: x.astype(np.uint8) if eps else x, "uint8"),
        (lambda x, eps: x[:-1] if eps else x, "returned float32"),
        (lambda x, eps: x.tolist() if eps else x, "returned <class 'list'>: expected a NumPy array, float32"),
    ],
)
def test_an_attack_that_cheats_is_refused(move: Any, reason: str, target: Linear, tiny: Dataset) -> None:
    with pytest.raises(BoundViolation, match=reason):
        judged(Planted(move), target, tiny.val, (0.0, 4.0, 90.0))


def along_one_pixel(images: Images, length: float) -> Images:
    moved = images.copy()
    moved[:, 0, 0, 0] += np.where(moved[:, 0, 0, 0] > 127, -length, length)
    return moved


def along_all(images: Images, length: float) -> Images:
    step = np.float32(length / np.sqrt(images[0].size))
    return np.asarray(np.where(images > 127, images - step, images + step))


@pytest.mark.parametrize("move", [along_one_pixel, along_all])
def test_a_lie_in_l2_is_refused_and_the_truth_is_not(move: Any, target: Linear, tiny: Dataset) -> None:
    eps = (0.0, 1.0, 100.0)
    assert judged(PlantedL2(move), target, tiny.val, eps).eps == eps
    with pytest.raises(BoundViolation, match=r"moved an image by .* in L2: expected at most 1"):
        judged(PlantedL2(lambda x, radius: move(x, 1.01 * radius)), target, tiny.val, eps)


def test_a_step_of_eps_in_every_pixel_is_within_the_largest_norm_alone(target: Linear, tiny: Dataset) -> None:
    def step(images: Images, eps: float) -> Images:
        return np.asarray(np.where(images > 127, images - np.float32(eps), images + np.float32(eps)))

    judged(Planted(step), target, tiny.val, (0.0, 1.0))
    with pytest.raises(BoundViolation, match="in L2"):
        judged(PlantedL2(step), target, tiny.val, (0.0, 1.0))


def test_an_attack_that_writes_into_its_input_does_not_move_the_referees_copy(target: Linear, tiny: Dataset) -> None:
    def write(images: Images, eps: float) -> Images:
        images += np.float32(eps)
        return images

    with pytest.raises(BoundViolation, match=r"moved an image by 2\.5"):
        judged(Planted(write), target, tiny.val, (0.0, 1.0, 1.5))


def test_an_attack_that_writes_into_the_labels_does_not_change_the_referees_copy(target: Linear, tiny: Dataset) -> None:
    class Writes(Planted):
        def __call__(self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int) -> Any:
            labels[:] = 0
            return super().__call__(target, images, labels, eps, seed)

    before = tiny.val.labels.copy()
    found = judged(Writes(), target, tiny.val, (0.0,))
    np.testing.assert_array_equal(tiny.val.labels, before)
    np.testing.assert_array_equal(found.labels, before)


def test_an_attack_that_yields_too_little_is_refused(target: Linear, tiny: Dataset) -> None:
    class Short(Planted):
        def __call__(self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int) -> Any:
            return super().__call__(target, images, labels, eps[:-1], seed)

    with pytest.raises(BoundViolation, match="one attacked batch for each"):
        judged(Short(), target, tiny.val, (0.0, 1.0))


def test_an_error_in_an_attack_of_another_package_names_its_line(target: Linear, tiny: Dataset) -> None:
    with pytest.raises(BenchError, match=r"planted.* failed at .*test_referee\.py, line \d+: ZeroDivisionError"):
        judged(Planted(lambda *_: 1 // 0), target, tiny.val, (0.0, 1.0))


def test_a_split_larger_than_a_chunk_is_judged_in_order_with_a_seed_a_chunk(target: Linear, tiny: Dataset) -> None:
    repeated = Split(np.tile(tiny.val.images, (8, 1, 1, 1)), np.tile(tiny.val.labels, 8), tiny.val.names * 8)
    once, many = (judged(Fgsm(), target, split, GRID) for split in (tiny.val, repeated))
    np.testing.assert_array_equal(many.predictions, np.tile(once.predictions, (1, 8)))
    np.testing.assert_array_equal(many.labels, repeated.labels)
    plant, ticks = Planted(), []
    judge(AttackSpec(plant, (0.0,)), target, repeated, np.arange(320), 5, lambda *done: ticks.append(done))
    assert ticks == [(256, 320), (320, 320)]
    assert len(set(plant.seeds)) == 2
    assert plant.seeds[0] == 5


def test_the_accuracy_at_eps_0_is_the_clean_one(target: Linear, tiny: Dataset) -> None:
    right = judged(Fgsm(), target, tiny.val, GRID).right.mean(axis=1)
    assert right[0] == accuracy(target, tiny.val) > 0.9
    assert right[0] == (classes(target, tiny.val.images.astype(np.float32)) == tiny.val.labels).mean()


def test_outcomes_keep_the_places_of_the_images(target: Linear, tiny: Dataset) -> None:
    places = np.array([3, 8, 21])
    found = judge(AttackSpec(Fgsm(), GRID), target, tiny.val.part(places), places, 0, lambda *_: None)
    np.testing.assert_array_equal(found.indices, places)
    np.testing.assert_array_equal(found.predictions, judged(Fgsm(), target, tiny.val, GRID).predictions[:, places])


def test_logits_that_are_no_numbers_are_refused(tiny: Dataset) -> None:
    broken = Linear(np.zeros((32 * 32 * 3, 4)), np.array([0, np.inf, 0, 0]))
    with pytest.raises(BenchError, match="NaN or infinite"):
        judged(Planted(), broken, tiny.val, (0.0,))


def test_outcomes_by_hand() -> None:
    predictions = np.array([[0, 1, 1, 0], [0, 1, 0, 0], [1, 1, 0, 1], [1, 1, 1, 0]])
    outcomes = Outcomes((0.0, 1.0, 2.0, 4.0), np.array([5, 6, 7, 8]), np.array([0, 1, 0, 0]), predictions)
    assert [row["accuracy"] for row in outcomes.rows()] == [0.75, 1.0, 0.5, 0.5]
    assert [row["drop"] for row in outcomes.rows()] == [0, -0.25, 0.25, 0.25]
    assert [row["accuracy_of_clean_right"] for row in outcomes.rows()] == [1, 1, 1 / 3, 2 / 3]
    # The first radius at which the class differs from the clean one, even if it comes back, even if it was wrong.
    np.testing.assert_array_equal(outcomes.first_flip, [2, -1, 1, 2])
    arrays = outcomes.arrays()
    assert arrays["predictions"].dtype == np.uint8
    np.testing.assert_array_equal(arrays["indices"], [5, 6, 7, 8])
