"""The smallest change of an image that reaches a goal: a ball that grows until it is reached, and is then halved in between."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.attacks.apgd import ascend
from bench.attacks.ball import Radii
from bench.attacks.losses import Margin
from bench.attacks.norms import LINF
from bench.attacks.search import Found
from bench.datasets.base import Images, Labels
from bench.fooling.goal import Away
from bench.fooling.limits import STEPS

PRECISION = 0.05  # the search ends where the radius that failed is so near below the one that worked
SMALLEST = 1e-3  # pixel levels
TRIES = 40


@dataclass(frozen=True)
class Smallest:
    """The nearest image found.

    Args:
        image: float32, (height, width, 3).
        eps: its distance in L-infinity, pixel levels; infinite where none was found.
        failed: the largest radius below ``eps`` at which the climb did not reach the goal; 0 where it never failed.
        steps: the gradient steps from the image to the one found.
    """

    image: NDArray[np.float32]
    eps: float
    failed: float
    steps: int


def smallest(goal: Away, image: NDArray[np.float32], steps: int = STEPS) -> Smallest:
    """Search the smallest L-infinity ball around ``image`` in which APGD reaches the goal.

    The first radius is the one at which the goal would be reached if the network were linear, |margin| / |gradient|_1. It
    doubles until the goal is reached. Then the radius between the largest that failed and the smallest that worked is
    tried, until they are within ``PRECISION``. A radius that worked is that of the image found, which can be smaller.

    Args:
        goal: what is to be reached, from an image that has not reached it.
        image: float32, (height, width, 3), pixel levels. It is what is returned where none is found.
        steps: of each climb; each costs one gradient.
    """
    images = image[None]
    labels = goal.labels(images)
    best, low, high, moves = image, 0.0, math.inf, 0
    _, values, gradient = goal.step(images, labels, Margin(), labels)
    slope = np.abs(gradient.astype(np.float64)).sum(axis=(1, 2, 3))
    radius = float(np.clip(np.abs(values) / np.maximum(slope, 1e-12), SMALLEST, LINF.largest)[0])
    for _ in range(TRIES):
        if not (high > low * (1 + PRECISION) and high > SMALLEST and low < LINF.largest):
            break
        found, taken = _climb(goal, images, labels, np.array([radius], np.float32), steps)
        distance = float(LINF.distance(found.images - images)[0])
        if not found.fooled[0]:
            low = radius
        elif distance < high:
            best, high, moves = found.images[0], distance, taken
        between = math.sqrt(low * high) if low > 0 else high / 2
        radius = min(2 * radius, LINF.largest) if math.isinf(high) else between
    return Smallest(best, high, min(low, high), moves)


def within(goal: Away, image: NDArray[np.float32], eps: float, steps: int = STEPS) -> Smallest:
    """Climb once in the ball of ``eps`` around ``image``, to the end; return the image of the largest margin.

    Args:
        image: float32, (height, width, 3), pixel levels.
        eps: the radius in L-infinity, pixel levels, above 0.
    """
    images = image[None]
    labels, radii = goal.labels(images), np.array([eps], np.float32)
    found = ascend(goal, images, labels, radii, LINF, Margin(), steps, images, stop=False)
    if not found.fooled[0]:
        return Smallest(found.images[0], math.inf, eps, steps)
    return Smallest(found.images[0], float(LINF.distance(found.images - images)[0]), 0.0, steps)


def _climb(goal: Away, images: Images, labels: Labels, eps: Radii, steps: int) -> tuple[Found, int]:
    """Return what a climb on the margin found, and the steps that it took."""
    goal.steps = goal.ends = 0
    found = ascend(goal, images, labels, eps, LINF, Margin(), steps, images)
    # The first pass is at the image itself. A climb that goes to its end looks at the last image without a gradient.
    return found, goal.steps - 1 + goal.ends
