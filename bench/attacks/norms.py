"""The norms that bound an attack, each with its distance, its unit, its usual radii and its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Images


@dataclass(frozen=True)
class Norm:
    """A norm of the change of an image.

    Args:
        name: its name in records and captions.
        unit: the unit of eps, in records.
        axis: the label of an axis that shows eps.
        largest: the largest eps: the diameter of the box [0, 255].
        eps: the usual radii, ascending, 0 first.
        linear_to: the eps below which the axis of a figure is nearly linear; well beyond it is nearly logarithmic.
        judged_to: the largest eps that a verdict on two networks is about.
        shown: the usual radii of a gallery of attacked images.
        distance: maps changes (n, height, width, 3) to their norms (n,).
        slack: maps eps and the number of values of an image to the distance that float32 rounding may add.
    """

    name: str
    unit: str
    axis: str
    largest: float
    eps: tuple[float, ...]
    linear_to: float
    judged_to: float
    shown: tuple[float, ...]
    distance: Callable[[Images], NDArray[np.float64]]
    slack: Callable[[float, int], float]

    def __str__(self) -> str:
        return self.name


PIXEL_LEVELS = "pixel levels"
# A pixel level up to 255 is rounded by at most 2**-17, once in the attacked image and once in the change.
ROUNDING = 2.0**-16


def _largest(change: Images) -> NDArray[np.float64]:
    return np.asarray(np.abs(change).reshape(len(change), -1).max(axis=1), dtype=np.float64)


def _euclidean(change: Images) -> NDArray[np.float64]:
    return np.asarray(np.sqrt((change.astype(np.float64) ** 2).reshape(len(change), -1).sum(axis=1)))


def _changed(change: Images) -> NDArray[np.float64]:
    return np.asarray((change != 0).any(axis=3).sum(axis=(1, 2)), dtype=np.float64)


LINF = Norm(
    "L-infinity",
    PIXEL_LEVELS,
    "eps: largest change of a pixel, in levels of 0 to 255",
    255.0,
    # Dense where accuracy falls, and on to half the range, where it must have reached chance.
    (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0),
    1.0,
    # The usual radius of the field is 8 of 255 (RobustBench, arXiv:2010.09670).
    8.0,
    (1.0, 2.0, 4.0, 8.0, 16.0),
    _largest,
    lambda _eps, _values: 1e-4,
)
L2 = Norm(
    "L2",
    PIXEL_LEVELS,
    "eps: Euclidean norm of the change, in pixel levels",
    # The diagonal of the box at 512 px, the largest image size.
    255.0 * np.sqrt(512 * 512 * 3),
    (0.0, 16.0, 32.0, 64.0, 96.0, 128.0, 192.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0),
    64.0,
    # 0.5 where a pixel is in [0, 1], the radius of the field in L2 (RobustBench).
    128.0,
    # The root mean square of the change of a 64 px image is then 0.6 to 9.2 levels.
    (64.0, 128.0, 256.0, 512.0, 1024.0),
    _euclidean,
    lambda eps, values: ROUNDING * np.sqrt(values) + 1e-6 * eps,
)
# No norm in the strict sense, but the field's name for it: a pixel counts once, however many of its channels changed.
L0 = Norm(
    "L0",
    "changed pixels",
    "eps: number of changed pixels",
    512.0 * 512.0,
    (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0),
    1.0,
    8.0,
    (4.0, 8.0, 16.0, 32.0, 64.0),
    _changed,
    lambda _eps, _values: 0.0,
)
NORMS = {norm.name: norm for norm in (LINF, L2, L0)}
