"""Attacks of many steps against a linear network, on which the smallest eps that fools it is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from targets import Linear

from bench.attacks import attack_named
from bench.attacks.norms import LINF
from bench.datasets.base import Images, Labels
from bench.errors import BadInput

SHAPE = (6, 6, 3)


def linear(classes: int = 2) -> Linear:
    weights = np.random.default_rng(0).normal(size=(int(np.prod(SHAPE)), classes)) / 100
    return Linear(weights, -125.0 * weights.sum(axis=0))


def smallest_eps(target: Linear, images: Images, labels: Labels, order: float) -> NDArray[np.float64]:
    """Return the smallest eps that fools ``target``; ``order``: of the dual norm."""
    logits = target.logits(images).astype(np.float64)
    found = np.full(len(images), np.inf)
    for other in range(logits.shape[1]):
        gap = np.linalg.norm(target.weights[:, [other]] - target.weights[:, labels], ord=order, axis=0)
        margin = logits[np.arange(len(labels)), labels] - logits[:, other]
        found = np.where(labels == other, found, np.minimum(found, margin / np.maximum(gap, 1e-12)))
    return np.maximum(found, 0)


@pytest.fixture
def images() -> Images:
    # Far from black and white: the box changes nothing in closed form.
    return np.random.default_rng(1).uniform(100, 150, (64, *SHAPE)).astype(np.float32)


def labels_of(target: Linear, images: Images) -> Labels:
    found = target.logits(images).argmax(axis=1)
    found[::8] = (found[::8] + 1) % target.bias.size  # some are incorrect unattacked
    return found.astype(np.int64)


EPS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
WHITE_BOX = ("pgd", "pgd(loss=margin)", "apgd", "apgd(loss=margin)", "apgd(loss=unit-gap)", "apgd(targets=1)", "fmn")
IN_L2 = ("apgd-l2", "apgd-l2(loss=margin)", "fmn-l2")
MANY = ("pgd(loss=margin)", "apgd(loss=margin)", "apgd(loss=dlr)", "apgd(steps=20,targets=3)", "fmn")
RESTARTED = ("pgd(loss=margin,restarts=2)", "apgd(loss=margin,restarts=2)")


@pytest.mark.parametrize("name", [*WHITE_BOX, *IN_L2])
def test_on_two_classes_the_accuracy_at_each_eps_is_that_of_the_closed_form(name: str, images: Images) -> None:
    target, attack = linear(), attack_named(name)
    labels = labels_of(target, images)
    smallest = smallest_eps(target, images, labels, 1 if attack.norm == LINF else 2)
    eps = EPS if attack.norm == LINF else (0.0, *np.quantile(smallest[smallest > 0], [0.2, 0.5, 0.8]))
    for radius, moved in zip(eps, attack(target, images.copy(), labels, eps, 0), strict=True):
        right = target.logits(moved).argmax(axis=1) == labels
        clear = np.abs(smallest - radius) > 0.02 * max(radius, 0.01)  # at the boundary itself rounding decides
        assert (right == (smallest > radius))[clear].all(), radius
        assert attack.norm.distance(moved - images).max() <= radius + attack.norm.slack(radius, images[0].size)


@pytest.mark.parametrize("name", [*MANY, *RESTARTED])
def test_on_five_classes_they_never_beat_the_closed_form_and_nearly_reach_it(name: str, images: Images) -> None:
    target, attack = linear(5), attack_named(name)
    labels = labels_of(target, images)
    smallest = smallest_eps(target, images, labels, 1)
    for radius, moved in zip(EPS, attack(target, images.copy(), labels, EPS, 0), strict=True):
        right = target.logits(moved).argmax(axis=1) == labels
        assert right[smallest > radius * 1.001].all()
        assert right.mean() <= (smallest > radius).mean() + 0.05


@pytest.mark.parametrize("name", ["square", "noise", "noise(shape=uniform)"])
def test_black_box_attacks_never_beat_the_closed_form_and_do_something(name: str, images: Images) -> None:
    target, attack = linear(), attack_named(name)
    labels = labels_of(target, images)
    smallest = smallest_eps(target, images, labels, 1)
    accuracies = []
    for eps, moved in zip(EPS, attack(target, images.copy(), labels, EPS, 0), strict=True):
        right = target.logits(moved).argmax(axis=1) == labels
        assert right[smallest > eps * 1.001].all()
        assert LINF.distance(moved - images).max() <= eps + LINF.slack(eps, images[0].size)
        accuracies.append(right.mean())
    assert accuracies[-1] < accuracies[0]
    assert target.gradients == 0


def test_the_cost_follows_the_images_that_survive(images: Images) -> None:
    target = linear()
    labels = labels_of(target, images)
    list(attack_named("pgd")(target, images, labels, (0.0, 3.2, 6.4), 0))
    assert target.gradients < 0.5 * 20 * len(images)


def test_squares_are_refused_on_images_that_are_not_square() -> None:
    oblong = np.zeros((1, 6, 5, 3), np.float32)
    target = Linear(np.zeros((90, 2)), np.zeros(2))
    with pytest.raises(BadInput, match="received 6 x 5"):
        list(attack_named("square")(target, oblong, np.zeros(1, np.int64), (0.0, 1.0), 0))
