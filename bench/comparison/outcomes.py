"""What an attack did to each image, and the numbers an image adds to: accuracy, drop, accuracy kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.errors import BadInput

Floats = NDArray[np.float64]
Indices = NDArray[np.integer]


class Quantity(StrEnum):
    """What is compared. Each is in [0, 1], or in [-1, 1] for the drop, and is the mean of one number an image."""

    ACCURACY = "accuracy"
    DROP = "drop"
    KEPT = "accuracy kept"

    @property
    def words(self) -> tuple[str, str]:
        """What is said where there is more of it, and where there is less.

        "Robust" is said of accuracy under attack alone: a network with less to lose drops less, and is none the better.
        """
        return WORDS[self]


WORDS = {
    Quantity.ACCURACY: ("more robust", "less robust"),
    Quantity.DROP: ("drops more", "drops less"),
    Quantity.KEPT: ("keeps more", "keeps less"),
}


@dataclass(frozen=True)
class Band:
    """Radii in pixel levels, ``low`` < eps <= ``high``, or ``low`` <= eps where ``closed``."""

    low: float
    high: float
    closed: bool = False

    def __str__(self) -> str:
        if self.low == self.high:
            return f"eps {self.low:g}"
        return f"{self.low:g} {'<=' if self.closed else '<'} eps <= {self.high:g}"

    def of(self, eps: tuple[float, ...]) -> tuple[float, ...]:
        """Return the radii of ``eps`` that lie in the band, in their order."""
        return tuple(e for e in eps if e <= self.high and (e > self.low or (self.closed and e == self.low)))


# 8 of 255 is the usual largest radius of the field (RobustBench, arXiv:2010.09670); 2 is below one percent of the range;
# from 64 on, a quarter of the range, an image is hardly one any more.
CUSTOMARY = Band(0, 8)
SMALL = Band(0, 2)
LARGE = Band(8, 64, closed=True)
CLEAN = Band(0, 0, closed=True)


@dataclass(frozen=True)
class Outcomes:
    """What one attack did to one network, image by image.

    ``eps``: the k radii, pixel levels, 0 first. ``indices``: (n,), the places of the images in the validation set, which
    pair them with those of another network. ``labels``: (n,). ``predictions``: (k, n), the class at each radius.
    """

    eps: tuple[float, ...]
    indices: Indices
    labels: NDArray[np.integer]
    predictions: NDArray[np.integer]

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Whether each image is classified rightly at each radius, shape (k, n)."""
        found: NDArray[np.bool_] = self.predictions == self.labels
        return found

    def values(self, quantity: Quantity, radii: tuple[float, ...]) -> Floats:
        """Return one number an image, shape (n,), whose mean is ``quantity``, itself a mean over ``radii``.

            accuracy   r(e)                       averaged over the radii e
            drop       r(0) - r(e)
            kept       K(e) + r(0) (r(e) - K(e)) / mean r(0),   where K(e) = sum r(0) r(e) / sum r(0)

        where r(e) is 1 for an image classified rightly at e and 0 otherwise. ``kept``, the accuracy among the images right
        at eps 0, is a ratio: its numbers are those of the linear approximation, whose variance is the ratio's to first
        order; NaN where no image is right at eps 0. BadInput where a radius was not measured.
        Source: Davison & Hinkley 1997, "Bootstrap Methods and their Application", section 2.7.2 (influence values).
        """
        if quantity is not Quantity.DROP:
            return np.asarray(self.each(quantity, radii).mean(axis=0))
        # In this order the mean over radii is rounded once.
        return np.asarray(self.right[self.eps.index(0)] - self.values(Quantity.ACCURACY, radii))

    def each(self, quantity: Quantity, radii: tuple[float, ...]) -> Floats:
        """Return what ``values`` returns for each of the k ``radii`` alone, shape (k, n)."""
        unmeasured = [radius for radius in radii if radius not in self.eps]
        if unmeasured or not radii:
            raise BadInput(f"no outcome at eps {unmeasured}: expected radii among {self.eps}; attack again with --eps")
        now = self.right[[self.eps.index(radius) for radius in radii]].astype(np.float64)
        if quantity is Quantity.ACCURACY:
            return now
        clean = self.right[self.eps.index(0)].astype(np.float64)
        if quantity is Quantity.DROP:
            return np.asarray(clean - now)
        if not clean.any():
            return np.full(now.shape, np.nan)
        return _among(now, clean)

    def flipped(self, radii: tuple[float, ...]) -> Floats:
        """Return, for each of the k ascending ``radii``, one number an image, shape (k, n), whose mean is a share.

            F(e) + r(0) (f(e) - F(e)) / mean r(0),   where F(e) = sum r(0) f(e) / sum r(0)

        where r(0) is 1 for an image right at eps 0, and f(e) is 1 where the smallest of ``radii`` at which the class is
        not the clean one, the image's smallest flipping eps, is at most e. F is the share of the images right at eps 0:
        an image that is wrong unattacked has no right class to lose. Linear as ``kept`` in ``values``, and NaN likewise.
        Source: the internship report's equation 10, on a grid of radii as in its section 3.3.
        """
        origin = self.predictions[self.eps.index(0)]
        now = self.predictions[[self.eps.index(radius) for radius in radii]]
        clean = self.right[self.eps.index(0)].astype(np.float64)
        if not clean.any():
            return np.full(now.shape, np.nan)
        return _among(np.logical_or.accumulate(now != origin, axis=0).astype(np.float64), clean)


def _among(values: Floats, clean: Floats) -> Floats:
    """Return numbers, shape of ``values`` (k, n), whose means are those of ``values`` among the images where ``clean`` is 1."""
    means = (values * clean).mean(axis=1, keepdims=True) / clean.mean()
    return np.asarray(means + clean * (values - means) / clean.mean())
