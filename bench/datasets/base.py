"""Defines a data set: labelled images in two fixed splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Labels = NDArray[np.int64]
CALIBRATION = 128  # images to measure layers on: as many as a step of the usual batch size sees


@dataclass(frozen=True)
class Split:
    """The images of one split and their labels, in a fixed order.

    Args:
        images: uint8, shape (n, size, size, 3), RGB, pixel levels 0 to 255.
        labels: int64, shape (n,), indices into ``Dataset.classes``.
        names: the n file names relative to the folder of the data set. Images that are computed have names too.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def spread(self, count: int) -> Split:
        """Return ``count`` images at even distances, or all where there are fewer."""
        return self.part(spread(len(self), count))

    def part(self, indices: NDArray[np.int64]) -> Split:
        """Return the images at ``indices``, in their order."""
        return Split(self.images[indices], self.labels[indices], tuple(self.names[index] for index in indices))


def spread(count: int, most: int) -> NDArray[np.int64]:
    """Return ``most`` places of ``count`` at even distances, ascending, or all where there are fewer."""
    return np.linspace(0, count - 1, min(most, count)).astype(np.int64)


@dataclass(frozen=True)
class Dataset:
    """A training and a validation split over the same classes.

    Args:
        classes: the sorted class ids. A label is an index into them.
        fingerprint: sha256 (hex) of the data that the splits were made from.
        skipped: one line for each broken image that was left out.
    """

    name: str
    train: Split
    val: Split
    classes: tuple[str, ...]
    fingerprint: str
    skipped: tuple[str, ...] = ()

    @property
    def calibration(self) -> Images:
        """The training images that ranges and batch statistics of layers come from, at even distances, float32."""
        return self.train.spread(CALIBRATION).images.astype(np.float32)
