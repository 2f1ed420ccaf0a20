"""Which classes and images a compressed network forgets: its classes of all images beside those of its control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bench.comparison.significance import holm, mcnemar
from bench.looking.limits import SIGNIFICANCE

Flags = NDArray[np.bool_]
Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Change:
    """The change of accuracy from the control to a network on the images of one class, or on all.

    Args:
        name: of the class; empty for all images.
        images: their number.
        control: the accuracy of the control, and ``network`` that of the network, in [0, 1].
        low: the lower end of the 95 % interval of the difference, and ``high`` the upper one.
        lost: the images that only the control classifies correctly, and ``gained`` those that only the network does.
        p: of McNemar's test; of a class corrected after Holm for the number of classes.
    """

    name: str
    images: int
    control: float
    network: float
    low: float
    high: float
    lost: int
    gained: int
    p: float

    @property
    def difference(self) -> float:
        """The accuracy of the network minus that of the control."""
        return self.network - self.control

    @property
    def points(self) -> str:
        """The difference in points with its 95 % interval."""
        return f"{100 * self.difference:+.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"

    @property
    def shown(self) -> bool:
        """Whether the accuracy is shown to differ."""
        return self.p < SIGNIFICANCE

    @property
    def worse(self) -> bool:
        """Whether the accuracy is shown to be lower than the control's."""
        return self.shown and self.difference < 0

    @property
    def better(self) -> bool:
        """Whether the accuracy is shown to be higher than the control's."""
        return self.shown and self.difference > 0


@dataclass(frozen=True)
class Forgotten:
    """What a network forgets of what its control knows.

    Args:
        whole: the change on all images.
        classes: the change of each class, in order of label.
        lost: the places, ascending, of the images that were correct and are wrong now.
        gained: those that were wrong and are correct now.
    """

    whole: Change
    classes: tuple[Change, ...]
    lost: tuple[int, ...]
    gained: tuple[int, ...]

    @property
    def worse(self) -> list[Change]:
        """The classes whose accuracy is shown to be lower than the control's."""
        return [each for each in self.classes if each.worse]


def forgotten(
    predicted: NDArray[np.integer], control: NDArray[np.integer], labels: NDArray[np.integer], names: Sequence[str]
) -> Forgotten:
    """Compare the classes that two networks give to the same images.

    Args:
        predicted: (n,), the classes by the network, and ``control`` (n,) those by its control.
        labels: (n,), the true classes.
        names: of the classes, in order of label. A class without images is left out.

    Source: Hooker et al. 2019, arXiv:1911.05248. Departure: it compares the means and modes of 30 networks of each kind;
    here there is one of each, and the images are paired.
    """
    now, before = predicted == labels, control == labels
    known = [label for label in range(len(names)) if (labels == label).any()]
    rows = {label: _change(names[label], now[labels == label], before[labels == label]) for label in known}
    corrected = holm({label: row[-1] for label, row in rows.items()})
    changes = tuple(Change(*rows[label][:-1], p=corrected[label]) for label in known)
    lost, gained = np.flatnonzero(before & ~now), np.flatnonzero(now & ~before)
    return Forgotten(Change(*_change("", now, before)), changes, tuple(map(int, lost)), tuple(map(int, gained)))


def _change(name: str, now: Flags, before: Flags) -> tuple[str, int, float, float, float, float, int, int, float]:
    lost, gained = int((before & ~now).sum()), int((now & ~before).sum())
    low, high = paired_interval(gained, lost, len(now))
    return name, len(now), float(before.mean()), float(now.mean()), low, high, lost, gained, mcnemar(gained, lost)


def paired_interval(gained: int, lost: int, images: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two accuracies on the same images.

        d -+ z sqrt((b + c - d**2) / (n + 2)),   b = (gained + 1) / (n + 2),  c = (lost + 1) / (n + 2),  d = b - c

    It is never empty, not even where the two networks agree on every image.
    Source: Bonett & Price 2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data", Journal of Educational and Behavioral Statistics 37.
    """
    up, down = (gained + 1) / (images + 2), (lost + 1) / (images + 2)
    middle = up - down
    half = Z * sqrt(max(0.0, up + down - middle**2) / (images + 2))
    return max(-1.0, middle - half), min(1.0, middle + half)
