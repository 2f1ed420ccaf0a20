"""The smallest change, against closed forms on linear networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from targets import Linear, fixed

from bench.fooling.goal import Away, Towards
from bench.fooling.smallest import PRECISION, smallest, within

SIDE, CLASSES = 5, 4
VALUES = SIDE * SIDE * 3


def linear(classes: int = CLASSES) -> tuple[Linear, Any]:
    """Return a linear network, and images so far from 0 and 255 that no change of the tests is clipped."""
    draw = np.random.default_rng(3)
    weights = draw.normal(0, 0.01, (VALUES, classes))
    images = draw.uniform(100, 155, (6, SIDE, SIDE, 3)).astype(np.float32)
    return Linear(weights, draw.normal(0, 0.1, classes)), images


def test_of_two_classes_it_is_the_margin_over_the_l1_norm_of_the_difference_of_the_weights() -> None:
    target, images = linear(2)
    logits = target.logits(images)
    margin = np.abs(logits[:, 0] - logits[:, 1])
    expected = margin / np.abs(target.weights[:, 0] - target.weights[:, 1]).sum()
    found = smallest(Away(target), images)
    np.testing.assert_array_less(expected * (1 - 1e-4), found.eps)
    np.testing.assert_array_less(found.eps, expected * (1 + PRECISION) + 1e-4)
    assert (target.logits(found.images).argmax(axis=1) != logits.argmax(axis=1)).all()


def test_towards_a_class_it_is_at_least_that_of_every_pair_and_is_the_class() -> None:
    target, images = linear()
    labels = target.logits(images).argmax(axis=1)
    for wanted in range(CLASSES):
        rows = labels != wanted
        if not rows.any():
            continue
        logits = target.logits(images[rows])
        gaps = logits.max(axis=1) - logits[:, wanted]
        steepest = np.abs(target.weights - target.weights[:, [wanted]]).sum(axis=0)[labels[rows]]
        found = smallest(Towards(target, wanted), images[rows])
        assert (target.logits(found.images).argmax(axis=1) == wanted).all()
        assert (found.eps >= gaps / steepest * (1 - 1e-4)).all()
        away = smallest(Away(target), images[rows])
        assert (found.eps >= away.eps / (1 + PRECISION) - 1e-4).all()


def test_the_radius_that_failed_is_just_below_and_lies_about_nothing() -> None:
    target, images, _ = fixed()
    goal = Away(target)
    found = smallest(goal, images)
    assert (found.failed < found.eps).all()
    assert (found.eps <= np.maximum(found.failed * (1 + PRECISION), 1e-3) + 1e-6).all()
    distance = np.abs(found.images - images).max(axis=(1, 2, 3))
    np.testing.assert_allclose(distance, found.eps, rtol=1e-6)
    assert found.images.min() >= 0
    assert found.images.max() <= 255


def test_the_steps_are_those_that_a_climb_by_hand_takes() -> None:
    target, images = linear(2)
    found = smallest(Away(target), images[:1])
    # From the image the first step, of length 2 eps, is cut back to the corner of the ball: one step is enough.
    assert found.steps.tolist() == [1]


def test_nothing_is_found_where_nothing_can_be() -> None:
    target, images = linear(2)
    deaf = Linear(np.zeros_like(target.weights), np.array([1.0, 0.0]))
    found = smallest(Away(deaf), images, steps=2)
    assert np.isinf(found.eps).all()
    assert (found.failed == 255).all()
    np.testing.assert_array_equal(found.images, images)


def test_the_same_search_gives_the_same_bits_and_alone_as_among_others() -> None:
    target, images, _ = fixed()
    first, second = (smallest(Away(target), images) for _ in range(2))
    np.testing.assert_array_equal(first.images, second.images)
    for row in range(len(images)):
        alone = smallest(Away(target), images[row : row + 1])
        np.testing.assert_allclose(alone.eps, first.eps[row : row + 1], rtol=1e-5)


def test_within_a_radius_the_margin_is_the_largest_of_a_linear_network() -> None:
    target, images = linear(2)
    labels = target.logits(images).argmax(axis=1)
    slope = np.abs(target.weights[:, 0] - target.weights[:, 1]).sum()
    eps = 8.0
    found = within(Away(target), images, eps)
    rows = np.arange(len(images))
    before, after = target.logits(images), target.logits(found.images)
    gain = (after[rows, 1 - labels] - after[rows, labels]) - (before[rows, 1 - labels] - before[rows, labels])
    np.testing.assert_allclose(gain, eps * slope, rtol=1e-4)


@pytest.mark.parametrize("wanted", [0, 2])
def test_the_two_logits_of_a_wanted_class_are_its_own_and_the_largest_other(wanted: int) -> None:
    target, images = linear()
    logits = target.logits(images)
    rest = [max(value for place, value in enumerate(row) if place != wanted) for row in logits]
    np.testing.assert_allclose(Towards(target, wanted).logits(images), np.stack([rest, logits[:, wanted]], axis=1))
