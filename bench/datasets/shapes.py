"""Defines the ten silhouettes and three textures of the synthetic data set as functions of coordinates.

Only + - * /, square roots, comparisons and floor are used: they are rounded the same on every machine, and a sine is not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Pair = tuple[Field, Field]
Silhouette = Callable[[Field, Field, Field], Field]

LATTICE = 16
# Unit normals of the sides.
TRIANGLE = ((0.0, 1.0), (0.8660254, -0.5), (-0.8660254, -0.5))
PENTAGRAM = ((0.0, 1.0), (0.9510565, 0.309017), (0.5877853, -0.809017), (-0.5877853, -0.809017), (-0.9510565, 0.309017))


def _bars(x: Field, y: Field, width: Field) -> Field:
    return _both(abs(x) - 0.95, abs(abs(y) - 0.58) - (0.14 + 0.5 * width))


def _checker(x: Field, y: Field, width: Field) -> Field:
    column, row = abs(x) - (0.3 + 0.25 * width), abs(y) - (0.3 + 0.25 * width)
    return _both(_either(_both(column, row), _both(-column, -row)), _square(x, y, width))


def _crescent(x: Field, y: Field, width: Field) -> Field:
    # A disc without a smaller disc at its side.
    return _both(radius(x, y) - 1.0, 0.8 - radius(x - 0.5 + width, y))


def _cross(x: Field, y: Field, width: Field) -> Field:
    column, row = abs(x), abs(y)
    arm = 0.2 + 0.5 * width
    return _either(_both(column - arm, row - 1.0), _both(column - 1.0, row - arm))


def _disc(x: Field, y: Field, width: Field) -> Field:
    return radius(x, y) - (0.85 + width)


def _frame(x: Field, y: Field, width: Field) -> Field:
    return abs(_square(x, y, width) + 0.2) - (0.12 + 0.4 * width)


def _ring(x: Field, y: Field, width: Field) -> Field:
    return abs(radius(x, y) - 0.78) - (0.14 + 0.4 * width)


def _square(x: Field, y: Field, width: Field) -> Field:
    return _both(abs(x), abs(y)) - (0.8 + 0.5 * width)


def _star(x: Field, y: Field, width: Field) -> Field:
    # A point is in the pentagram if it is outside at most one of the five lines.
    lines = np.stack([a * x + b * y for a, b in PENTAGRAM])
    second: Field = np.sort(lines, axis=0)[-2]
    return second - (0.34 + 0.4 * width)


def _triangle(x: Field, y: Field, width: Field) -> Field:
    first, second, third = (a * x + b * y for a, b in TRIANGLE)
    return _both(_both(first, second), third) - (0.5 + 0.3 * width)


# The signed distance to each silhouette, by class id: negative inside, nearly exact inside and close to the edge.
# A silhouette fills about [-1, 1] x [-1, 1]. ``width`` in [0, 0.2] varies its proportions.
SILHOUETTES: dict[str, Silhouette] = {
    "bars": _bars,
    "checker": _checker,
    "crescent": _crescent,
    "cross": _cross,
    "disc": _disc,
    "frame": _frame,
    "ring": _ring,
    "square": _square,
    "star": _star,
    "triangle": _triangle,
}


def capsule(x: Field, y: Field, length: Field, thickness: Field) -> Field:
    """Return the distance to a line segment from -``length`` to ``length`` with round ends."""
    return radius(np.maximum(abs(x) - length, 0.0), y) - thickness


def stripes(u: Field) -> Field:
    """Return stripes of period 1 with soft edges, in [0, 1]."""
    return unit(3.0 * _wave(u) - 1.0)


def dots(u: Field, v: Field) -> Field:
    """Return one dot with soft edges in each unit cell, in [0, 1]."""
    return unit(2.7 - 4.0 * radius(_wave(u), _wave(v)))


def clouds(u: Field, v: Field, lattice: Field) -> Field:
    """Return value noise: the ``lattice`` of each image, shape (n, LATTICE, LATTICE), interpolated and repeated."""
    column, row = np.floor(u), np.floor(v)
    p, q = _ease(u - column), _ease(v - row)
    i, j = column.astype(np.int64), row.astype(np.int64)
    image = np.arange(len(lattice))[:, None, None]

    def at(i: NDArray[np.int64], j: NDArray[np.int64]) -> Field:
        return lattice[image, i % LATTICE, j % LATTICE]

    near = at(i, j) + p * (at(i + 1, j) - at(i, j))
    far = at(i, j + 1) + p * (at(i + 1, j + 1) - at(i, j + 1))
    return near + q * (far - near)


def radius(x: Field, y: Field) -> Field:
    """Return the distance from the origin. Unlike ``numpy.hypot`` it is rounded the same on every machine."""
    distance: Field = np.sqrt(x * x + y * y)
    return distance


def unit(x: Field) -> Field:
    """Return ``x`` clipped to [0, 1]."""
    clipped: Field = np.clip(x, 0.0, 1.0)
    return clipped


def turned(x: Field, y: Field, direction: Pair) -> Pair:
    """Return the coordinates along a unit vector and across it."""
    cosine, sine = direction
    return cosine * x + sine * y, cosine * y - sine * x


def _both(first: Field, second: Field) -> Field:  # the intersection
    return np.maximum(first, second)


def _either(first: Field, second: Field) -> Field:  # the union
    return np.minimum(first, second)


def _wave(x: Field) -> Field:
    return abs(2.0 * (x - np.floor(x)) - 1.0)


def _ease(x: Field) -> Field:
    return x * x * (3.0 - 2.0 * x)
