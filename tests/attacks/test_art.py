"""ART's attacks: closed forms on linear networks, a greedy search by hand, and another library."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from targets import Linear, as_network, fixed
from tiny import tiny_run
from whole_runs import go

from bench.attacks import ATTACKS, attack_named
from bench.attacks.art_attacks import ArtAttack
from bench.attacks.minimum_norm import MinimumNorm
from bench.attacks.norms import L0, L2
from bench.attacks.spec import AttackSpec
from bench.cli.run_output import summary
from bench.datasets.base import Images, Labels
from bench.evaluation.classifier import Classifier
from bench.report.figures.run_curve import curve

pytest.importorskip("art")

SHAPE = (6, 6, 3)
NAMES = [name for name, cls in ATTACKS.items() if issubclass(cls, ArtAttack)]


def linear(classes: int = 5, bias: float = 0.0) -> Linear:
    """Return a linear network with equal logits at 125 in every value, but for ``bias``, which class 0 has more."""
    weights = np.random.default_rng(0).normal(size=(int(np.prod(SHAPE)), classes)) / 100
    return Linear(weights, -125.0 * weights.sum(axis=0) + bias * np.eye(classes)[0])


@pytest.fixture
def images() -> Images:
    # Far from black and white: the box changes nothing in L2.
    return np.random.default_rng(1).uniform(100, 150, (24, *SHAPE)).astype(np.float32)


def smallest(target: Linear, images: Images, labels: Labels) -> NDArray[np.float64]:
    """Return the distance in L2 to the nearest plane between two classes."""
    logits, rows = target.logits(images).astype(np.float64), np.arange(len(labels))
    gaps = np.linalg.norm(target.weights[:, :, None] - target.weights[:, None, labels], axis=0).T
    margins = logits[rows, labels][:, None] - logits
    margins[rows, labels], gaps[rows, labels] = np.inf, 1.0
    return np.asarray((margins / gaps).min(axis=1))


def attack(name: str) -> ArtAttack:
    found = attack_named(name)
    assert isinstance(found, ArtAttack)
    return found


def test_they_are_five_of_the_extra_and_count_for_no_network() -> None:
    assert NAMES == ["cw", "deepfool", "jsma", "boundary", "hopskipjump"]
    assert {(ATTACKS[name].library, ATTACKS[name].counts) for name in NAMES} == {("art", False)}


def test_deepfool_goes_over_the_nearest_plane_by_a_fiftieth(images: Images) -> None:
    target = linear()
    labels = target.logits(images).argmax(axis=1)
    moved, distance = attack("deepfool").nearest(target, images, labels, 0)
    np.testing.assert_allclose(distance, 1.02 * smallest(target, images, labels), rtol=1e-3)
    np.testing.assert_allclose(L2.distance(moved - images), distance)


@pytest.mark.parametrize(
    ("name", "times"),
    [("cw(searches=20,steps=30)", 1.05), ("hopskipjump(steps=20)", 1.6), ("boundary(steps=200)", 1.6)],
)
def test_the_others_in_l2_never_beat_the_closed_form_and_come_near_it(name: str, times: float, images: Images) -> None:
    target = linear()
    labels = target.logits(images).argmax(axis=1)
    found = attack(name).nearest(target, images, labels, 0)
    ratio = found.distance / smallest(target, images, labels)
    reached = np.isfinite(found.distance)
    assert reached.mean() > 0.9  # on some machines, by their rounding, C&W misses one of the images
    assert (target.logits(found.images).argmax(axis=1) != labels)[reached].all()
    assert ratio.min() >= 1 - 1e-5
    assert np.median(ratio) < times


@pytest.mark.parametrize("name", ["hopskipjump", "boundary"])
def test_those_that_see_the_class_alone_take_no_gradient_and_come_nearer_with_more_steps(
    name: str, images: Images
) -> None:
    target = linear()
    labels = target.logits(images).argmax(axis=1)
    few, many = (attack(f"{name}(steps={steps})").nearest(target, images, labels, 0).distance for steps in (3, 30))
    assert np.median(many) < 0.9 * np.median(few)
    assert target.gradients == 0


def test_jsma_makes_the_values_white_that_raise_the_other_class_most(images: Images) -> None:
    target = linear()
    labels = target.logits(images).argmax(axis=1)
    moved, distance = attack("jsma").nearest(target, images, labels, 0)
    for image, label, found, pixels in zip(images, labels, moved, distance, strict=True):
        other = np.argsort(target.logits(image[None])[0])[-2]
        white, order = image.reshape(-1).copy(), np.argsort(-target.weights[:, other])
        for first in range(0, len(order), 2):
            white[order[first : first + 2]] = 255
            if target.logits(white.reshape(1, *SHAPE)).argmax() == other:
                break
        np.testing.assert_array_equal(found, white.reshape(SHAPE))
        assert pixels == (found != image).any(axis=2).sum() == L0.distance((found - image)[None])[0]
        assert target.logits(found[None]).argmax() != label


def test_jsma_stops_after_its_steps(images: Images) -> None:
    target = linear()
    images[12:] = 200 + images[12:] / 5  # white is near, and changes little
    labels = target.logits(images).argmax(axis=1)
    few, many = (attack(f"jsma(steps={steps})").nearest(target, images, labels, 0).distance for steps in (2, 20))
    assert few[:12].max() <= 4 < many[12:].min()
    assert np.isinf(few[12:]).all()
    assert np.isfinite(many).all()


def test_another_librarys_deepfool_finds_images_as_near() -> None:
    import tensorflow as tf
    from foolbox import TensorFlowModel
    from foolbox.attacks import L2DeepFoolAttack

    exact, images, labels = fixed()
    model = as_network(exact, SHAPE)
    fooled = TensorFlowModel(model, bounds=(0, 255))
    theirs = L2DeepFoolAttack(steps=10, candidates=None)
    _, moved, _ = theirs(fooled, tf.constant(images), tf.constant(labels), epsilons=None)
    distance = attack("deepfool").nearest(Classifier(model), images, labels, 0).distance
    np.testing.assert_allclose(distance, L2.distance(moved.numpy() - images), rtol=0.05)


def test_on_a_curved_network_cw_comes_as_near_as_fmn() -> None:
    target, images, labels = fixed()
    reference = attack_named("fmn-l2(steps=1000)")
    assert isinstance(reference, MinimumNorm)
    ratio = attack("cw(searches=20,steps=30)").nearest(target, images, labels, 0).distance
    ratio /= reference.nearest(target, images, labels, 0).distance
    assert ratio.max() < 1.5
    assert ratio.min() > 0.95


@pytest.mark.usefixtures("tiny_source", "no_norms")
def test_a_run_records_the_version_of_the_library_and_the_unit_of_each_norm(tmp_path: Path) -> None:
    specs = [AttackSpec(attack("deepfool")), AttackSpec(attack("jsma(steps=5)"))]
    result = go(tmp_path, tiny_run(), *specs)
    deepfool, jsma = result.attacks.values()
    assert "adversarial-robustness-toolbox" not in result.training.environment.versions
    assert jsma.environment.versions["adversarial-robustness-toolbox"] == version("adversarial-robustness-toolbox")
    assert (deepfool.threat.eps_unit, jsma.threat.eps_unit) == ("pixel levels", "changed pixels")
    assert deepfool.rows[-1].accuracy < 0.1
    assert "accuracy at eps (L0, changed pixels)" in summary(result)
    axes = curve(result.network).axes
    assert [each.get_xlabel().removesuffix(" (arsinh scale)") for each in axes] == [L2.axis, L0.axis]


@pytest.mark.parametrize("name", NAMES)
def test_an_incorrect_image_is_its_own_nearest_and_numpys_state_is_left_alone(name: str, images: Images) -> None:
    target = linear()
    labels = (target.logits(images[:2]).argmax(axis=1) + 1) % 5
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    found = attack(name).nearest(target, images[:2], labels, 5)
    np.testing.assert_array_equal(found.images, images[:2])
    assert found.distance.tolist() == [0, 0]
    attack(name).nearest(target, images[:2], target.logits(images[:2]).argmax(axis=1), 5)
    assert np.random.random() == expected


@pytest.mark.parametrize("name", ["hopskipjump", "boundary"])
def test_where_noise_has_one_class_the_other_images_are_the_start_and_where_all_have_it_there_is_none(
    name: str, images: Images
) -> None:
    target = linear(2, bias=40.0)  # noise varies the difference of two logits by about 15
    direction = (target.weights[:, 1] - target.weights[:, 0]).reshape(SHAPE)
    images[:6] = np.where(direction > 0, 255, 0)
    labels = target.logits(images).argmax(axis=1)
    assert labels.tolist() == [1] * 6 + [0] * 18
    found = attack(name).nearest(target, images, labels, 0)
    assert np.isfinite(found.distance).all()
    alone = attack(name).nearest(target, images[6:], labels[6:], 0)
    assert np.isinf(alone.distance).all()
    np.testing.assert_array_equal(alone.images, images[6:])
