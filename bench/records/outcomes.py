"""The outcome of an attack on each image, and the quantities that are means over images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.attacks.norms import LINF, Norm
from bench.errors import BadInput
from bench.records.files import Arrays

CONFIDENCE = 0.95  # of a one-sided bound
Floats = NDArray[np.float64]
Indices = NDArray[np.integer]
Shared = dict[tuple[str, bytes], NDArray[Any]]  # arrays by type and content


class Quantity(StrEnum):
    """A quantity to compare: the mean over images of one number each, in [0, 1], or in [-1, 1] for the drop.

    An image is clean-correct when it is classified correctly at eps 0.
    """

    ACCURACY = "accuracy"
    DROP = "drop"
    CLEAN_CORRECT = "accuracy on clean-correct images"


@dataclass(frozen=True)
class Band:
    """Radii with ``low`` < eps <= ``high``, or ``low`` <= eps where ``closed``, in the unit of the attack's norm."""

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


def customary(norm: Norm) -> Band:
    """Return the radii that a verdict on two networks is about."""
    return Band(0, norm.judged_to)


CUSTOMARY = customary(LINF)
# 2 is below one percent of the range, and 64 is a quarter of it.
SMALL = Band(0, 2)
LARGE = Band(8, 64, closed=True)
CLEAN = Band(0, 0, closed=True)


@dataclass(frozen=True)
class Outcomes:
    """The outcome of one attack on one network for each image.

    Args:
        eps: the k radii, in the unit of the attack's norm, 0 first.
        indices: (n,) integers, ascending, the places of the images in the validation set; they pair the images of two
            networks.
        labels: (n,) integers, the true classes.
        predictions: (k, n) integers, the class at each radius.
    """

    eps: tuple[float, ...]
    indices: Indices
    labels: NDArray[np.integer]
    predictions: NDArray[np.integer]

    @classmethod
    def of(cls, arrays: Arrays, shared: Shared | None = None) -> Outcomes:
        """Return the outcomes in recorded ``arrays``.

        Args:
            shared: where equal labels and indices of several records become one array.

        Raises:
            KeyError, TypeError, ValueError: arrays are missing, or are not of one attack.
        """
        kept = {} if shared is None else shared
        labels, indices = (
            kept.setdefault((str(each.dtype), each.tobytes()), each) for each in (arrays["labels"], arrays["indices"])
        )
        eps = tuple(float(radius) for radius in arrays["eps"])
        predictions = arrays["predictions"]
        ascending = bool((np.diff(indices) > 0).all())
        if (
            predictions.shape != (len(eps), *labels.shape)
            or indices.shape != labels.shape
            or not ascending
            or 0 not in eps
        ):
            raise ValueError(f"predictions of shape {predictions.shape} for {len(eps)} radii and {labels.shape} labels")
        return cls(eps, indices, labels, predictions)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each image is classified correctly at each radius, shape (k, n)."""
        return self._right_at(self.eps)

    def _right_at(self, radii: tuple[float, ...]) -> NDArray[np.bool_]:
        # Made anew each time: of thousands of networks it would take as much memory as the predictions.
        found: NDArray[np.bool_] = self.predictions[[self.eps.index(radius) for radius in radii]] == self.labels
        return found

    @property
    def first_flip(self) -> NDArray[np.int64]:
        """The index of the smallest radius whose class differs from the clean one, -1 where there is none, shape (n,).

        Source: the internship report's equation 10, on the grid of radii as in its section 3.3.
        """
        flipped = self.predictions != self.predictions[0]
        return np.where(flipped.any(axis=0), flipped.argmax(axis=0), -1)

    def arrays(self) -> Arrays:
        """Return the outcomes as small arrays to write."""
        return {
            "eps": np.asarray(self.eps),
            "indices": self.indices.astype(np.int32),
            "labels": _small(self.labels),
            "predictions": _small(self.predictions),
            "first_flip": self.first_flip.astype(np.int16),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each radius: accuracy, its 95 % Wilson interval, drop, accuracy on clean-correct images."""
        right = self.right
        clean, total = right[0], right.shape[1]
        rows = []
        for radius, now in zip(self.eps, right, strict=True):
            low, high = wilson(int(now.sum()), total)
            rows.append(
                {
                    "eps": radius,
                    "accuracy": float(now.mean()),
                    "low": low,
                    "high": high,
                    "drop": float(clean.mean() - now.mean()),
                    "accuracy_of_clean_right": float(now[clean].mean()) if clean.any() else None,
                }
            )
        return rows

    def part(self, images: Indices, radii: tuple[float, ...]) -> Outcomes:
        """Return the outcomes on ``images`` and at ``radii`` alone. All of them must be there."""
        places = np.searchsorted(self.indices, images)
        rows = [self.eps.index(radius) for radius in radii]
        return Outcomes(radii, images, self.labels[places], self.predictions[rows][:, places])

    def values(self, quantity: Quantity, radii: tuple[float, ...]) -> Floats:
        """Return one number for each image, shape (n,), whose mean is ``quantity`` averaged over ``radii``.

            accuracy        r(e)
            drop            r(0) - r(e)
            clean-correct   K(e) + r(0) (r(e) - K(e)) / mean r(0),   where K(e) = sum r(0) r(e) / sum r(0)

        where r(e) is 1 for an image classified correctly at eps e, else 0. Accuracy on clean-correct images is a ratio,
        K(e). Its numbers are the linear approximation, whose variance is that of the ratio to first order. They are NaN
        where no image is correct at eps 0.

        Raises:
            BadInput: a radius was not measured.

        Source: Davison & Hinkley 1997, "Bootstrap Methods and their Application", section 2.7.2 (influence values).
        """
        if quantity is not Quantity.DROP:
            found = self.each(quantity, radii)
            return found[0] if len(found) == 1 else np.asarray(found.mean(axis=0))
        # In this order the mean over radii is rounded once.
        return np.asarray(self._right_at((0,))[0] - self.values(Quantity.ACCURACY, radii))

    def each(self, quantity: Quantity, radii: tuple[float, ...]) -> Floats:
        """Return what ``values`` returns, for each of the k ``radii`` alone, shape (k, n)."""
        unmeasured = [radius for radius in radii if radius not in self.eps]
        if unmeasured or not radii:
            raise BadInput(f"no outcome at eps {unmeasured}: expected one of {self.eps}; attack again with --eps")
        now = self._right_at(radii).astype(np.float64)
        if quantity is Quantity.ACCURACY:
            return now
        clean = self._right_at((0,))[0].astype(np.float64)
        if quantity is Quantity.DROP:
            return np.asarray(clean - now)
        if not clean.any():
            return np.full(now.shape, np.nan)
        return _among(now, clean)

    def flipped(self, radii: tuple[float, ...]) -> Floats:
        """Return one number for each image and each of the k ascending ``radii``, shape (k, n), whose mean is F(e).

            F(e) + r(0) (f(e) - F(e)) / mean r(0),   where F(e) = sum r(0) f(e) / sum r(0)

        where r(0) is 1 for an image correct at eps 0, and f(e) is 1 where some of ``radii`` up to e changes the class.
        F(e) is the fraction of the clean-correct images whose class has changed. The numbers are linear as in ``values``,
        and NaN where no image is correct at eps 0.
        Source: the internship report's equation 10, on a grid of radii as in its section 3.3.
        """
        origin = self.predictions[self.eps.index(0)]
        now = self.predictions[[self.eps.index(radius) for radius in radii]]
        clean = self._right_at((0,))[0].astype(np.float64)
        if not clean.any():
            return np.full(now.shape, np.nan)
        return _among(np.logical_or.accumulate(now != origin, axis=0).astype(np.float64), clean)


def on_common_images(attacks: Mapping[str, Outcomes]) -> dict[str, Outcomes]:
    """Return the outcomes of each of ``attacks`` on the images and at the radii that all of them have."""
    images = common_images(attacks)
    first = next(iter(attacks.values()))
    radii = tuple(radius for radius in first.eps if all(radius in each.eps for each in attacks.values()))
    return {name: each.part(images, radii) for name, each in attacks.items()}


def common_images(attacks: Mapping[str, Outcomes]) -> Indices:
    """Return the indices, ascending, of the images that all of ``attacks`` have."""
    return in_all([each.indices for each in attacks.values()])


def in_all(sets: Sequence[Indices]) -> Indices:
    """Return the indices, ascending, that all of ``sets`` have, each of them (n,) and ascending."""

    # Networks of one seed are attacked on the same images, and a comparison takes a hundredth of an intersection.
    def shared(one: Indices, other: Indices) -> Indices:
        return one if np.array_equal(one, other) else np.intersect1d(one, other, assume_unique=True)

    return reduce(shared, sets)


def unseen(difference: float, images: int, tail: float) -> tuple[float, float]:
    """Return the bounds, from below and from above, of a mean difference that ``images`` images all have.

        (1 + d) q - 1,   1 - (1 - d) q,   q = tail ** (1 / n)

    where d is ``difference``, in [-1, 1], and n is ``images``. Were the true mean beyond a bound, because a share of images
    have -1 or 1, all n would miss that share with a chance below ``tail``.
    Source: Hanley & Lippman-Hand 1983, "If nothing goes wrong, is everything all right?" (the rule of three).
    """
    rest = tail ** (1 / images)
    return (1 + difference) * rest - 1, 1 - (1 - difference) * rest


def lower_bound(differences: NDArray[np.number], among: int = 1) -> float:
    """Return the one-sided lower 95 % bound of the mean of paired ``differences`` (n,), each in [-1, 1].

        min(d - t(1 - 0.05 / k, n - 1) * s / sqrt(n), lower bound of ``unseen`` at 0.05 / k)

    where d is the mean, s the deviation and k is ``among``. The first is Student's. The second is what n images allow where
    they hardly differ.

    Args:
        among: the number of bounds that hold together at 95 % (Bonferroni).
    """
    count = len(differences)
    if count < 2:
        return -1.0
    from scipy.stats import t  # here, because the command line starts without it

    mean, deviation = float(np.mean(differences)), float(np.std(differences, ddof=1))
    tail = (1 - CONFIDENCE) / among
    by_student = mean - float(t.ppf(1 - tail, count - 1)) * deviation / sqrt(count)
    return min(by_student, unseen(mean, count, tail)[0])


def wilson(right: int, total: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of ``right`` successes in ``total`` > 0 trials, both ends in [0, 1].

        (2 n p + z**2 -+ z * sqrt(4 n p (1 - p) + z**2)) / (2 (n + z**2))

    where n is ``total``, p is ``right`` / n and z is the normal quantile of 0.975. The lower end of no
    success is 0 and the upper end of successes alone is 1, without rounding errors.
    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    # Here, because the command line starts without it; and not scipy.stats, which takes four times as long to import.
    from scipy.special import ndtri

    z, p = float(ndtri(0.975)), right / total
    whole = 2 * (total + z**2)
    centre, half = (2 * total * p + z**2) / whole, z / whole * sqrt(4 * total * p * (1 - p) + z**2)
    return max(0.0, centre - half) if right else 0.0, min(1.0, centre + half) if right < total else 1.0


def _among(values: Floats, clean: Floats) -> Floats:
    """Return numbers (k, n) whose means are those of ``values`` (k, n) over the images where ``clean`` (n,) is 1."""
    means = (values * clean).mean(axis=1, keepdims=True) / clean.mean()
    return np.asarray(means + clean * (values - means) / clean.mean())


def _small(integers: NDArray[np.integer]) -> NDArray[Any]:
    return integers.astype(np.uint8 if integers.max() < 256 else np.uint16)
