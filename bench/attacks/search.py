"""Attacks of many steps: they drop an image once it is fooled, and carry what they found over to larger radii."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.attacks.ball import Radii
from bench.attacks.base import Attack, Target
from bench.datasets.base import Images, Labels


class Found(NamedTuple):
    """The best image found for each of n images, and whether the network classifies it incorrectly."""

    images: Images
    fooled: NDArray[np.bool_]


# (images, labels, eps) -> what was found.
Attempt = Callable[[Images, Labels, Radii], Found]


class Search(Attack):
    """An attack that looks for an incorrectly classified image in each ball.

    A subclass writes ``search``. The radii are done in ascending order on the images that are still classified correctly:
    what fools the network within one ball lies within every larger one. So accuracy never rises with eps, and the cost
    follows the images that survive.
    """

    @abstractmethod
    def search(self, target: Target, images: Images, labels: Labels, eps: Radii, draw: np.random.Generator) -> Found:
        """Return the best image found in the ball of each image.

        Args:
            target: the network.
            images: float32, (n, height, width, 3), pixel levels, all classified correctly.
            labels: int64, (n,).
            eps: float32, (n,), a radius above 0 for each image.
            draw: the source of all randomness.
        """

    def __call__(
        self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int
    ) -> Iterator[Images]:
        """Yield the attacked images for each radius, as ``Attack`` asks."""
        best, fooled = images.copy(), target.logits(images).argmax(axis=1) != labels
        for place, radius in enumerate(eps):
            left = np.flatnonzero(~fooled)
            if radius > 0 and len(left):
                radii = np.full(len(left), radius, np.float32)
                found = self.search(target, images[left], labels[left], radii, np.random.default_rng([seed, place]))
                best[left], fooled[left] = found.images, found.fooled
            yield best.copy() if radius > 0 else images


class Survivors:
    """The images of a search that are not fooled yet, beside the best image of each of all n.

    ``rows`` holds the places of the survivors among the n images.
    """

    def __init__(self, images: Images) -> None:
        self._best = images.copy()
        self._fooled = np.zeros(len(images), bool)
        self.rows = np.arange(len(images))

    def drop(self, moved: Images, wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Keep the ``moved`` images of the survivors that are ``wrong``, drop these, and return which are left."""
        self._best[self.rows[wrong]] = moved[wrong]
        self._fooled[self.rows[wrong]] = True
        self.rows = self.rows[~wrong]
        return ~wrong

    def found(self, best: Images) -> Found:
        """Return what was found; ``best`` are the best images of the survivors."""
        self._best[self.rows] = best
        return Found(self._best, self._fooled)


def rows_of(left: NDArray[np.bool_], *arrays: Any) -> tuple[Any, ...]:
    """Return the rows of each of ``arrays`` where ``left`` is true."""
    return tuple(each[left] for each in arrays)


def in_turn(images: Images, labels: Labels, eps: Radii, attempts: Iterable[Attempt]) -> Found:
    """Return what ``attempts`` find together, each on the images that those before it did not fool."""
    best, fooled = images.copy(), np.zeros(len(images), bool)
    for attempt in attempts:
        left = np.flatnonzero(~fooled)
        if not len(left):
            break
        found = attempt(images[left], labels[left], eps[left])
        best[left], fooled[left] = found
    return Found(best, fooled)
