"""The l0 norm: each filter and input unit has a gate that is open or closed at random, and learns how often."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from bench.errors import BenchError
from bench.methods.base import Method, Sources
from bench.methods.drawn import Drawn, drawn_layers, unwrapped, wrapped
from bench.records.schema import Metrics
from bench.spec.run import Run

BETA, LOW, HIGH = 2 / 3, -0.1, 1.1  # the source's temperature and stretch, its section 4
FIRST = 2.5  # log alpha at the start: every gate is fully open
PRESSURE = 300.0  # how far the multiplier would rise over a training in which no gate closed, a unit of sparsity
RAMP = 0.7  # of the training: until then, what is asked grows
HALF = 0.5  # a gate below it is more shut than open
LATE = 0.15  # of the gates of a kernel: as many may shut at the very end. ResNet18 needs 0.125, all of them below 0.16.


@dataclass(frozen=True)
class L0(Method):
    """Train groups of weights w behind hard concrete gates z, and press until a fraction ``sparsity`` of them is shut.

        y = sum w z x,   z = min(1, max(0, s((log u - log(1 - u) + log alpha) / b) (h - l) + l)),   u ~ U(0, 1)
        loss + sum over kernels of m E[share of open gates],   P(z > 0) = s(log alpha - b log(-l / h))

    where s is the logistic function, b = 2/3, l = -0.1 and h = 1.1. A group is an output filter of a convolution, or all
    weights from one input unit of a dense layer. In inference the gate is z = min(1, max(0, s(log alpha) (h - l) + l)), and
    at the end the weights are w z.

    The multiplier m of a kernel starts at 0. At each step it rises by 300 / ``steps`` times the excess: the expected share of
    open gates minus the share that may be open. It goes back to 0 where the excess is negative. The share that may be open
    falls from 1 in a straight line to 1 - ``sparsity`` at 70 % of the training, and stays there. Gates that the loss alone
    would shut stay shut, so that more than asked may go; the record counts them.

    Departures: the source has one fixed factor for all groups, which leaves open how many go; a multiplier reaches what
    was asked. The share falls slowly: asked at once, all gates of a kernel shut together, before any is known to be useful.
    The gates are trained by Adam, the weights by SGD with momentum. A gate is drawn once for a whole batch.
    Source: Louizos et al. 2018, arXiv:1712.01312, equations 10 to 13, and the groups of its section 4; the multiplier and
    its restarts: Gallego-Posada et al. 2022, arXiv:2208.04425, section 4.
    """

    sparsity: float
    steps: int
    seed: int

    def prepare(self, model: Any) -> Any:
        """Wrap every layer with a kernel; BadInput where one has an activation."""
        return wrapped(model, "l0", lambda layer: Gated(layer, self.seed))

    def asked(self, layer: Any) -> int:
        """Return how many gates of ``layer`` have to shut: the least number that is a fraction ``sparsity`` of them."""
        return math.ceil(round(self.sparsity * int(layer.gates), 6))

    def own_variables(self, model: Any) -> list[Any]:
        """Return log alpha of each kernel."""
        return [layer.log_alpha for layer in drawn_layers(model)]

    def penalty(self, model: Any) -> Any:
        """Return the sum over kernels of multiplier times expected share of open gates. It moves the multipliers."""
        terms = []
        for layer in drawn_layers(model):
            opened = tf.reduce_mean(open_probability(layer.log_alpha))
            done = tf.minimum(1.0, tf.cast(layer.calls, tf.float32) / (RAMP * self.steps))
            excess = tf.stop_gradient(opened) - (1 - done * self.asked(layer) / layer.gates)
            layer.multiplier.assign(tf.where(excess > 0, layer.multiplier + PRESSURE / self.steps * excess, 0.0))
            terms.append(tf.stop_gradient(layer.multiplier.read_value()) * opened)
        return tf.add_n(terms)

    def finish(self, model: Any) -> Any:
        """Return the plain layers, each weight times its gate. Where few half-shut gates have still to shut, they do."""
        for layer in drawn_layers(model):
            gates, asked = gate(layer.log_alpha).numpy(), self.asked(layer)
            late = np.argsort(layer.log_alpha.numpy(), axis=None)[np.sum(gates == 0) : asked]
            if len(late) <= math.ceil(LATE * layer.gates) and np.all(gates.ravel()[late] < HALF):
                gates.ravel()[late] = 0
            layer.layer.kernel.assign(layer.layer.kernel * gates)
        return unwrapped(model)

    def verify(self, metrics: Metrics) -> None:
        """Raise BenchError where a kernel has fewer zeros than ``sparsity`` asks for, by more than one."""
        for row in metrics.kernels:
            if row.zeros < self.sparsity * row.size - 1:
                raise BenchError(
                    f"l0: {row.layer} has {row.zeros:,} zeros of {row.size:,}, where {self.sparsity:g} was asked: "
                    "expected a longer training, or a lower --l0; the run is not recorded"
                )


class Gated(Drawn):
    """A layer whose groups of weights each have a gate, drawn in training once a batch."""

    def __init__(self, layer: Any, seed: int) -> None:
        super().__init__(layer, seed, "gated")

    def build(self, input_shape: Any) -> None:
        """Make the multiplier, and log alpha: of the shape of the kernel, with length 1 along all axes but that of the gates."""
        super().build(input_shape)
        inputs, outputs = self.layer.kernel.shape[-2:]
        is_dense = isinstance(self.layer, keras.layers.Dense)
        shape, self.gates = ((inputs, 1), inputs) if is_dense else ((1, 1, 1, outputs), outputs)
        self.log_alpha = self.add_weight(name="log_alpha", shape=shape, initializer=keras.initializers.Constant(FIRST))
        self.multiplier = self.add_weight(name="multiplier", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the output of the layer behind its gates, drawn when ``training``."""
        drawn = self.draw() if training else gate(self.log_alpha)
        output = self.linear(inputs, tf.cast(self.layer.kernel * drawn, inputs.dtype))
        return tf.nn.bias_add(output, tf.cast(self.layer.bias, output.dtype)) if self.layer.use_bias else output

    def kept(self) -> Any:
        """Return the kernel times its gates."""
        return self.layer.kernel * gate(self.log_alpha)

    def draw(self) -> Any:
        """Return the gates, in [0, 1]."""
        uniform = tf.random.stateless_uniform(self.log_alpha.shape, self.key(), 1e-6, 1 - 1e-6)
        noise = tf.math.log(uniform) - tf.math.log1p(-uniform)
        return _clipped((noise + self.log_alpha) / BETA)


def gate(log_alpha: Any) -> Any:
    """Return the gates in inference, in [0, 1]."""
    return _clipped(log_alpha)


def open_probability(log_alpha: Any) -> Any:
    """Return the probability that each gate is open in training."""
    return tf.sigmoid(log_alpha - BETA * np.log(-LOW / HIGH))


def _clipped(logit: Any) -> Any:
    return tf.clip_by_value(tf.sigmoid(logit) * (HIGH - LOW) + LOW, 0.0, 1.0)


def l0(run: Run, steps: int, _sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    return L0(run.l0, steps, run.derived_seed("gates"))
