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
    slope = np.abs(target.weights[:, 0] - target.weights[:, 1]).sum()
    for image in images:
        logits = target.logits(image[None])[0]
        expected = abs(logits[0] - logits[1]) / slope
        found = smallest(Away(target), image)
        assert expected * (1 - 1e-4) < found.eps < expected * (1 + PRECISION) + 1e-4
        assert target.logits(found.image[None])[0].argmax() != logits.argmax()


def test_towards_a_class_it_is_at_least_that_of_every_pair_and_is_the_class() -> None:
    target, images = linear()
    for image in images:
        logits = target.logits(image[None])[0]
        label = int(logits.argmax())
        away = smallest(Away(target), image)
        for wanted in set(range(CLASSES)) - {label}:
            found = smallest(Towards(target, wanted), image)
            steepest = np.abs(target.weights[:, label] - target.weights[:, wanted]).sum()
            assert target.logits(found.image[None])[0].argmax() == wanted
            assert found.eps >= (logits[label] - logits[wanted]) / steepest * (1 - 1e-4)
            assert found.eps >= away.eps / (1 + PRECISION) - 1e-4


def test_the_radius_that_failed_is_just_below_and_lies_about_nothing() -> None:
    target, images, _ = fixed()
    for image in images:
        found = smallest(Away(target), image)
        assert found.failed < found.eps <= max(found.failed * (1 + PRECISION), 1e-3) + 1e-6
        assert found.eps == pytest.approx(float(np.abs(found.image - image).max()), rel=1e-6)
        assert found.image.min() >= 0
        assert found.image.max() <= 255


def test_the_steps_are_those_that_a_climb_by_hand_takes() -> None:
    target, images = linear(2)
    # From the image the first step, of length 2 eps, is cut back to the corner of the ball: one step is enough.
    assert smallest(Away(target), images[0]).steps == 1


def test_nothing_is_found_where_nothing_can_be() -> None:
    target, images = linear(2)
    deaf = Linear(np.zeros_like(target.weights), np.array([1.0, 0.0]))
    found = smallest(Away(deaf), images[0], steps=2)
    assert np.isinf(found.eps)
    assert found.failed == 255
    np.testing.assert_array_equal(found.image, images[0])


def test_the_same_search_gives_the_same_bits() -> None:
    target, images, _ = fixed()
    first, second = (smallest(Away(target), images[0]) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)


def test_within_a_radius_the_margin_is_the_largest_of_a_linear_network() -> None:
    target, images = linear(2)
    slope, eps = np.abs(target.weights[:, 0] - target.weights[:, 1]).sum(), 8.0
    for image in images:
        found = within(Away(target), image, eps)
        before, after = (target.logits(each[None])[0] for each in (image, found.image))
        label = int(before.argmax())
        gain = (after[1 - label] - after[label]) - (before[1 - label] - before[label])
        assert gain == pytest.approx(eps * slope, rel=1e-4)


@pytest.mark.parametrize("wanted", [0, 2])
def test_the_two_logits_of_a_wanted_class_are_its_own_and_the_largest_other(wanted: int) -> None:
    target, images = linear()
    logits = target.logits(images)
    rest = [max(value for place, value in enumerate(row) if place != wanted) for row in logits]
    np.testing.assert_allclose(Towards(target, wanted).logits(images), np.stack([rest, logits[:, wanted]], axis=1))
