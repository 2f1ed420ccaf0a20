"""The smallest change of an image that reaches a goal: a ball that grows until it is reached, and is then halved in between."""

from __future__ import annotations

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

STEPS = 20
PRECISION = 0.05  # the search ends where the radius that failed is so near below the one that worked
SMALLEST = 1e-3  # pixel levels
TRIES = 40


@dataclass(frozen=True)
class Smallest:
    """The nearest image found for each of n images.

    Args:
        images: float32, (n, height, width, 3); the image itself where none was found.
        eps: (n,), its distance in L-infinity, pixel levels; infinite where none was found.
        failed: (n,), the largest radius below ``eps`` at which the climb did not reach the goal; 0 where it never failed.
        steps: (n,), the gradient steps from the image to the one found; 0 after a search of several images at once.
    """

    images: Images
    eps: NDArray[np.float64]
    failed: NDArray[np.float64]
    steps: NDArray[np.int64]


def smallest(goal: Away, images: Images, steps: int = STEPS) -> Smallest:
    """Search the smallest L-infinity ball around each image in which APGD reaches the goal.

    The first radius is the one at which the goal would be reached if the network were linear, |margin| / |gradient|_1. It
    doubles until the goal is reached. Then the radius between the largest that failed and the smallest that worked is
    tried, until they are within ``PRECISION``. A radius that worked is that of the image found, which can be smaller.

    Args:
        goal: what is to be reached, from images that have not reached it.
        images: float32, (n, height, width, 3), pixel levels.
        steps: of each climb; each costs one gradient.
    """
    labels, count = goal.labels(images), len(images)
    best, moves = images.copy(), np.zeros(count, np.int64)
    low, high = np.zeros(count), np.full(count, np.inf)
    _, values, gradient = goal.step(images, labels, Margin(), labels)
    slope = np.abs(gradient.astype(np.float64)).sum(axis=(1, 2, 3))
    radius = np.clip(np.abs(values) / np.maximum(slope, 1e-12), SMALLEST, LINF.largest)
    for _ in range(TRIES):
        rows = np.flatnonzero((high > low * (1 + PRECISION)) & (high > SMALLEST) & (low < LINF.largest))
        if not len(rows):
            break
        found, taken = _climb(goal, images[rows], labels[rows], radius[rows].astype(np.float32), steps)
        distance = LINF.distance(found.images - images[rows])
        nearer = found.fooled & (distance < high[rows])
        hit = rows[nearer]
        best[hit], high[hit], moves[hit] = found.images[nearer], distance[nearer], taken
        low[rows[~found.fooled]] = radius[rows[~found.fooled]]
        between = np.where(low > 0, np.sqrt(low * np.where(np.isinf(high), 1, high)), high / 2)
        radius = np.where(np.isinf(high), np.minimum(2 * radius, LINF.largest), between)
    return Smallest(best, high, np.minimum(low, high), moves if count == 1 else np.zeros_like(moves))


def within(goal: Away, images: Images, eps: float, steps: int = STEPS) -> Smallest:
    """Climb once in the ball of ``eps`` around each image, to the end; return the images of the largest margin.

    Args:
        eps: the radius in L-infinity, pixel levels, above 0.
    """
    labels = goal.labels(images)
    radii = np.full(len(images), eps, np.float32)
    found = ascend(goal, images, labels, radii, LINF, Margin(), steps, images, stop=False)
    distance = np.where(found.fooled, LINF.distance(found.images - images), np.inf)
    return Smallest(found.images, distance, np.where(found.fooled, 0.0, eps), np.full(len(images), steps))


def _climb(goal: Away, images: Images, labels: Labels, eps: Radii, steps: int) -> tuple[Found, int]:
    """Return what a climb on the margin found, and the steps that it took where there is one image."""
    goal.steps = goal.ends = 0
    found = ascend(goal, images, labels, eps, LINF, Margin(), steps, images)
    # The first pass is at the image itself. A climb that goes to its end looks at the last image without a gradient.
    return found, goal.steps - 1 + goal.ends
