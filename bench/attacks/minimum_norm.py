"""Attacks that look for the nearest incorrect image, and answer every radius by it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.attacks.base import Attack, Target
from bench.datasets.base import Images, Labels


class Nearest(NamedTuple):
    """The nearest incorrect image found for each of n images, and its distance, (n,); infinite where none was found."""

    images: Images
    distance: NDArray[np.float64]


class MinimumNorm(Attack):
    """An attack without a radius: one search gives the whole curve of accuracy against eps, which never rises.

    A subclass writes ``nearest``.
    """

    @abstractmethod
    def nearest(self, target: Target, images: Images, labels: Labels, seed: int) -> Nearest:
        """Return the nearest incorrect image found for each image, and its distance in the attack's norm.

        Args:
            target: the network.
            images: float32, (n, height, width, 3), pixel levels.
            labels: int64, (n,).
            seed: of the random draws.
        """

    def __call__(
        self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int
    ) -> Iterator[Images]:
        """Yield the attacked images for each radius: the nearest incorrect image where it is inside, else the image itself."""
        nearest, distance = self.nearest(target, images, labels, seed)
        for radius in eps:
            # Rounding must not carry an image beyond its radius.
            inside = (distance <= radius).reshape(-1, 1, 1, 1)
            yield np.where(inside, nearest, images)
