"""Defines a data set: labelled images in two fixed splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import BadInput

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

    def check(self) -> None:
        """Raise BadInput where a split is not as ``Split`` says, or has a label that is no index of ``classes``."""
        for name, split in (("train", self.train), ("val", self.val)):
            for what, found, kind, dimensions in (
                ("images", split.images, np.uint8, 4),
                ("labels", split.labels, np.int64, 1),
            ):
                if (
                    not isinstance(found, np.ndarray)
                    or found.dtype != kind
                    or found.ndim != dimensions
                    or not len(found)
                ):
                    received = f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else str(type(found))
                    raise BadInput(
                        f"the data set {self.name} has {name} {what} of {received}: expected {np.dtype(kind)} of "
                        f"{dimensions} dimensions, at least one; mend what loads it"
                    )
            count, names = len(split.labels), len(split.names)
            if {len(split.images), names} != {count}:
                raise BadInput(
                    f"the data set {self.name} has {len(split.images)} {name} images, {count} labels and {names} names: "
                    "expected as many of each; mend what loads it"
                )
            low, high, classes = int(split.labels.min()), int(split.labels.max()), len(self.classes)
            if low < 0 or high >= classes:
                raise BadInput(
                    f"the data set {self.name} has {name} labels from {low} to {high}: expected 0 to {classes - 1}, the places "
                    f"of its {classes} classes; mend what loads it"
                )

    @property
    def calibration(self) -> Images:
        """The training images that ranges and batch statistics of layers come from, at even distances, float32."""
        return self.train.spread(CALIBRATION).images.astype(np.float32)
