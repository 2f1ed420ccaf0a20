"""CROWN: bounds of a perceptron's margins that are linear in the pixels, found from the logits backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import tf_keras as keras

from bench.attacks.ball import Radii
from bench.audit.bounds.interval import ball, transform
from bench.audit.bounds.layers import IDENTITIES, read
from bench.audit.bounds.relaxation import Dense, Linear, Range, Relaxed, backward
from bench.audit.bounds.rounding import slack
from bench.datasets.base import Images, Labels
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.records.outcomes import Floats

BATCH = 64
ORDER = "Rescaling and Flatten, then Dense and ReLU in turn, Dense last"


class CrownBounds:
    """Lower bounds of the margins of a perceptron, by CROWN with the adaptive lower slope.

    Over l <= z <= u with l < 0 < u, ReLU(z) lies between two lines:

        a z <= ReLU(z) <= s z + t,   s = u / (u - l),  t = -s l,  a = 1 where u > -l, else 0

    From the logits backward each ReLU gives way to one of its lines. What is left is linear in the pixels, and its least
    value over the box is exact. The last dense layer is folded into the margins, as in ``IntervalBounds``.

    The range l, u of a hidden unit is its interval, and where that contains 0 the smaller one of it and of CROWN's. So the
    bounds are never looser than intervals. Every value is float64, and each bound is lowered by ``slack`` times the sum of
    its absolute terms: it holds for the network in exact arithmetic with its float32 weights.

    Departures: for hidden units the last step is in L2, |sum_i w_i d_i| <= |w|_2 |d|_2. That needs the first layer's K^T K
    in place of K: 1344 x 1344 numbers, not 12288 x 1344, for FC5 at 64 px. It widens a range by a quarter where w looks
    normally distributed. The margins themselves take the exact step. The paper does not mix CROWN and intervals.
    Source: Zhang et al. 2018, arXiv:1811.00866, theorem 3.2 and section 3.3.

    Args:
        model: a functional float32 tf_keras network: Rescaling and Flatten, then Dense and ReLU in turn, Dense last. Its
            weights are copied.

    Raises:
        BadInput: the network has another layer or order, or no ReLU.
    """

    def __init__(self, model: Any) -> None:
        self.classifier = Classifier(model)
        network = read(model)
        layers = [step.layer for step in (*network.steps, network.last) if type(step.layer) not in IDENTITIES]
        start = next(place for place, layer in enumerate(layers) if type(layer) is keras.layers.Dense)
        _check(layers[:start], layers[start:])
        self._front = [transform(layer) for layer in layers[:start]]
        self._first, *self._middle, self._last = [Dense.of(layer) for layer in layers[start::2]]
        self._slack = slack(max(len(each.kernel) for each in (self._first, *self._middle, self._last)))
        self._gram = self._first.kernel.T @ self._first.kernel

    def margins(self, images: Images, labels: Labels, eps: Radii) -> Floats:
        """Return lower bounds of the margins over each ball: arguments and result are those of ``IntervalBounds.margins``."""
        parts = [slice(start, start + BATCH) for start in range(0, len(images), BATCH)]
        return np.concatenate([self._batch(images[part], labels[part], eps[part]) for part in parts])

    def _batch(self, images: Images, labels: Labels, eps: Radii) -> Floats:
        box = ball(images, eps)
        for step in self._front:
            box = step(box)
        lower, upper = box.lower.numpy(), box.upper.numpy()
        centre = (lower + upper) / 2
        radius = np.maximum(upper - centre, centre - lower) * (1 + self._slack)
        first = self._first.range(centre, radius, self._slack)
        found = [
            self._margins(centre[image], radius[image], first.of(image), label) for image, label in enumerate(labels)
        ]
        intervals, rows, constant, terms = (np.stack(each) for each in zip(*found, strict=True))
        # One product for all images: one for each would read the largest kernel as often.
        weights = (rows.reshape(-1, rows.shape[2]) @ self._first.kernel.T).reshape(*rows.shape[:2], -1)
        middle, reach = (weights @ centre[:, :, None])[:, :, 0], (abs(weights) @ radius[:, :, None])[:, :, 0]
        margins = np.maximum(intervals, constant + middle - reach - self._slack * terms)
        margins[np.arange(len(labels)), labels] = np.inf
        return np.asarray(margins)

    def _margins(
        self, centre: Floats, radius: Floats, first: Range, label: np.int64
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the margins' bounds by intervals, (classes,), and the rows, constant and terms of those linear in x K."""
        layers = self._hidden(centre, radius, first)
        kernel, bias, size = self._last.kernel.T, self._last.bias, abs(self._last.bias)
        rows, constant = kernel[label] - kernel, bias[label] - bias
        middle, reach = layers[-1].range.after_relu()
        terms = abs(rows) @ (middle + reach) + size[label] + size
        intervals = rows @ middle + constant - abs(rows) @ reach - self._slack * terms
        bound = backward(Linear(rows, constant, terms), layers)
        everywhere = np.zeros((len(rows), len(self._first.bias)))
        everywhere[:, layers[0].on] = bound.rows
        return intervals, everywhere, bound.constant, bound.terms

    def _hidden(self, centre: Floats, radius: Floats, first: Range) -> list[Relaxed]:
        """Return the hidden layers over the box of one image, ``first`` being the range of the first of them."""
        layers = [Relaxed.of(self._first, first, None)]
        on = layers[0].on
        projected, length = (centre @ self._first.kernel)[on], np.linalg.norm(radius)
        gram = self._gram[np.ix_(on, on)]
        norms = np.sqrt(np.diag(gram))
        for layer in self._middle:
            found = layer.range(*layers[-1].range.after_relu(), self._slack)
            units = np.flatnonzero((found.lower < 0) & (found.upper > 0))
            # Both sides at once: the upper bound of z is the lower one of -z, negated.
            rows = np.concatenate([layer.kernel.T[units], -layer.kernel.T[units]])
            constant = np.concatenate([layer.bias[units], -layer.bias[units]])
            bound = backward(Linear(rows, constant, np.tile(found.scale[units], 2)), layers)
            squares = np.maximum(((bound.rows @ gram) * bound.rows).sum(axis=1), 0)
            reach = np.sqrt(squares + self._slack * (abs(bound.rows) @ norms) ** 2) * length * (1 + self._slack)
            lowest = bound.constant + bound.rows @ projected - reach - self._slack * bound.terms
            found.lower[units] = np.maximum(found.lower[units], lowest[: len(units)])
            found.upper[units] = np.minimum(found.upper[units], -lowest[len(units) :])
            layers.append(Relaxed.of(layer, found, layers[-1]))
        return layers


def _check(front: list[Any], chain: list[Any]) -> None:
    first, turns = {keras.layers.Rescaling, keras.layers.Flatten}, ({keras.layers.Dense}, {keras.layers.ReLU})
    expected = [(layer, first) for layer in front] + [(layer, turns[at % 2]) for at, layer in enumerate(chain)]
    for layer, kinds in expected:
        if type(layer) not in kinds:
            raise BadInput(
                f"CROWN: the {type(layer).__name__} {layer.name} is out of its order; expected {ORDER}; take IntervalBounds"
            )
    if len(chain) == 1:
        raise BadInput(f"CROWN: the network has no ReLU; expected {ORDER}; take IntervalBounds, which are exact there")
