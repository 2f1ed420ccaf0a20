"""The l0 norm: each weight has a gate that is open or closed at random, and learns how often."""

from __future__ import annotations

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
LATE = 0.1  # of a kernel: as many gates may shut at the very end


@dataclass(frozen=True)
class L0(Method):
    """Train each weight w behind a hard concrete gate z, and press until a fraction ``sparsity`` of each kernel is shut.

        y = sum w z x,   z = min(1, max(0, s((log u - log(1 - u) + log alpha) / b) (h - l) + l)),   u ~ U(0, 1)
        loss + sum over kernels of m E[share of open gates],   P(z > 0) = s(log alpha - b log(-l / h))

    where s is the logistic function, b = 2/3, l = -0.1 and h = 1.1. In inference the gate is
    z = min(1, max(0, s(log alpha) (h - l) + l)), and at the end the weights are w z.

    The multiplier m of a kernel starts at 0. At each step it rises by ``rate`` times the expected share of open gates minus
    (1 - ``sparsity``), and goes back to 0 where that is negative. Gates that the loss alone would shut stay shut, so that
    more than asked may go; the record counts them.

    Departures: the source has one fixed factor for all weights, which leaves open how many go; a multiplier reaches what
    was asked. The gates are trained by Adam, the weights by SGD with momentum.
    Source: Louizos et al. 2018, arXiv:1712.01312, equations 10 to 13; the multiplier and its restarts: Gallego-Posada et al.
    2022, arXiv:2208.04425, section 4.
    """

    sparsity: float
    rate: float
    seed: int

    def prepare(self, model: Any) -> Any:
        """Wrap every layer with a kernel; BadInput where one has an activation."""
        return wrapped(model, "l0", lambda layer: Gated(layer, self.seed))

    def own_variables(self, model: Any) -> list[Any]:
        """Return log alpha of each kernel."""
        return [layer.log_alpha for layer in drawn_layers(model)]

    def penalty(self, model: Any) -> Any:
        """Return the sum over kernels of multiplier times expected share of open gates. It moves the multipliers."""
        terms = []
        for layer in drawn_layers(model):
            opened = tf.reduce_mean(open_probability(layer.log_alpha))
            excess = tf.stop_gradient(opened) - (1 - self.sparsity)
            layer.multiplier.assign(tf.where(excess > 0, layer.multiplier + self.rate * excess, 0.0))
            terms.append(tf.stop_gradient(layer.multiplier.read_value()) * opened)
        return tf.add_n(terms)

    def finish(self, model: Any) -> Any:
        """Return the plain layers, each weight times its gate. Where few gates have still to shut, the least open ones do."""
        for layer in drawn_layers(model):
            gates, openness = gate(layer.log_alpha).numpy(), layer.log_alpha.numpy().ravel()
            asked = round(self.sparsity * gates.size)
            if 0 < asked - np.sum(gates == 0) <= LATE * gates.size:
                gates.ravel()[np.argpartition(openness, asked - 1)[:asked]] = 0
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
    """A layer whose weights each have a gate, drawn in training once a batch."""

    def __init__(self, layer: Any, seed: int) -> None:
        super().__init__(layer, seed, "gated")

    def build(self, input_shape: Any) -> None:
        """Make log alpha, of the shape of the kernel, and the multiplier."""
        super().build(input_shape)
        self.log_alpha = self.add_weight(
            name="log_alpha", shape=self.layer.kernel.shape, initializer=keras.initializers.Constant(FIRST)
        )
        self.multiplier = self.add_weight(name="multiplier", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the output of the layer behind its gates, drawn when ``training``."""
        drawn = self.draw() if training else gate(self.log_alpha)
        output = self.linear(inputs, tf.cast(self.layer.kernel * drawn, inputs.dtype))
        return tf.nn.bias_add(output, tf.cast(self.layer.bias, output.dtype)) if self.layer.use_bias else output

    def draw(self) -> Any:
        """Return a gate for each weight, in [0, 1]."""
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
    return L0(run.l0, PRESSURE / steps, run.derived_seed("gates"))
