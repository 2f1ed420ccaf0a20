"""Dense layers around one image: the range of each unit, lines around its ReLU, and linear bounds through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audit.bounds.rounding import slack
from bench.records.outcomes import Floats


@dataclass(frozen=True)
class Dense:
    """A dense layer z = h K + b in float64.

    Args:
        kernel: K, (inputs, units).
        bias: b, (units,).
        absolute: |K|.
    """

    kernel: Floats
    bias: Floats
    absolute: Floats

    @classmethod
    def of(cls, layer: Any) -> Dense:
        """Return a copy of a tf_keras Dense."""
        kernel = layer.kernel.numpy().astype(np.float64)
        bias = np.zeros(kernel.shape[1]) if layer.bias is None else layer.bias.numpy().astype(np.float64)
        return cls(kernel, bias, abs(kernel))

    def range(self, centre: Floats, radius: Floats, more: float) -> Range:
        """Return the range of z over ``centre`` +- ``radius`` of h, of one image or of many, with ``more`` as its slack."""
        scale = (abs(centre) + radius) @ self.absolute + abs(self.bias)
        middle, reach = centre @ self.kernel + self.bias, radius @ self.absolute + more * scale
        return Range(middle - reach, middle + reach, scale)


@dataclass(frozen=True)
class Range:
    """The least and the largest z of each unit, and ``scale`` = max |h| |K| + |b|, the sum of its absolute terms."""

    lower: Floats
    upper: Floats
    scale: Floats

    def of(self, image: int) -> Range:
        """Return the range of one of many images."""
        return Range(self.lower[image], self.upper[image], self.scale[image])

    def after_relu(self) -> tuple[Floats, Floats]:
        """Return the centre and the half width of ReLU(z)."""
        lower, upper = np.maximum(self.lower, 0), np.maximum(self.upper, 0)
        return (lower + upper) / 2, (upper - lower) / 2


@dataclass(frozen=True)
class Linear:
    """Bounds from below, ``rows`` v + ``constant``, of m quantities by the values v of a layer.

    Args:
        rows: (m, values).
        constant: (m,).
        terms: (m,), the sum of the absolute terms so far, which rounding is proportional to.
    """

    rows: Floats
    constant: Floats
    terms: Floats


@dataclass(frozen=True)
class Relaxed:
    """A hidden layer around one image, with two lines around the ReLU of each unit that is not off in the whole ball.

        a z <= ReLU(z) <= s z + t

    Args:
        range: of every unit of the layer.
        on: (units,), which units are not off. The other arrays have those alone.
        kernel: K from the units of the layer before that are not off; None in the first layer.
        bias: b.
        scale: that of ``range``.
        lower_slope: a.
        upper_slope: s.
        offset: t.
    """

    range: Range
    on: NDArray[np.bool_]
    kernel: Floats | None
    bias: Floats
    scale: Floats
    lower_slope: Floats
    upper_slope: Floats
    offset: Floats

    @classmethod
    def of(cls, layer: Dense, found: Range, before: Relaxed | None) -> Relaxed:
        """Return ``layer`` over the range ``found``, behind the layer ``before``."""
        on = found.upper > 0
        lower, upper = found.lower[on], found.upper[on]
        crossing = lower < 0
        slope = np.where(crossing, upper / (upper - lower), 1)
        # A line above ReLU at both ends is above it between them, whatever its slope: only the offset is rounded upwards.
        offset = np.where(crossing, np.maximum(-slope * lower, upper - slope * upper) * (1 + slack(1)), 0)
        kernel = None if before is None else layer.kernel[np.ix_(before.on, on)]
        adaptive = (upper > -lower).astype(np.float64)
        return cls(found, on, kernel, layer.bias[on], found.scale[on], adaptive, slope, offset)


def backward(bound: Linear, layers: list[Relaxed]) -> Linear:
    """Return ``bound``, by the last of ``layers`` after its ReLU, as a bound by x K of the units of the first that are on.

    Each ReLU gives way to the line that bounds it on the side that the sign of its weight asks for.
    """
    rows, constant, terms = bound.rows[:, layers[-1].on], bound.constant, bound.terms
    for layer in reversed(layers):
        above, below = np.maximum(rows, 0), np.minimum(rows, 0)
        rows = above * layer.lower_slope + below * layer.upper_slope
        constant = constant + below @ layer.offset + rows @ layer.bias
        terms = terms - below @ layer.offset + abs(rows) @ layer.scale
        if layer.kernel is not None:
            rows = rows @ layer.kernel.T
    return Linear(rows, constant, terms)
