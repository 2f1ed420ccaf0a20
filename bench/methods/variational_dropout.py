"""Variational dropout: each weight learns how much noise it bears, and those that bear any amount go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tf_keras as keras

from bench.methods.base import Method, Sources
from bench.methods.drawn import Drawn, drawn_layers, unwrapped, wrapped
from bench.spec.run import Run

K1, K2, K3 = 0.63576, 1.87320, 1.48695  # the source's fit of the divergence, its equation 14
GONE = 3.0  # log alpha above which a weight is zeroed
FIRST = -10.0  # log sigma^2 at the start
TINY = 1e-8


@dataclass(frozen=True)
class VariationalDropout(Method):
    """Train each weight w with noise of a variance of its own, sigma^2, and zero those whose noise drowns them.

        y = sum w x + e sqrt(sum sigma^2 x^2),   e ~ N(0, 1) for each output
        loss + (factor / n) sum_w KL(alpha),     alpha = sigma^2 / w^2
        -KL = k1 s(k2 + k3 log alpha) - log(1 + 1 / alpha) / 2 - k1

    where s is the logistic function and n is ``images``. A ``factor`` of 1 is the variational bound. In inference there is
    no noise. At the end, weights with log alpha above 3 are zero: how many is not known beforehand, and the record counts
    them.

    Departures: log sigma^2 is trained by Adam, the weights by SGD with momentum, where the source trains all by Adam. The
    divergence moves log sigma^2 alone: its gradient by a weight has no bound at 0, and SGD diverges there.
    Source: Molchanov et al. 2017, arXiv:1701.05369, equations 8 to 14 and section 4.4.
    """

    factor: float
    images: int
    seed: int

    def prepare(self, model: Any) -> Any:
        """Wrap every layer with a kernel; BadInput where one has an activation."""
        return wrapped(model, "variational_dropout", lambda layer: Noisy(layer, self.seed))

    def own_variables(self, model: Any) -> list[Any]:
        """Return log sigma^2 of each kernel."""
        return [layer.log_variance for layer in drawn_layers(model)]

    def penalty(self, model: Any) -> Any:
        """Return the scaled divergence of all weights."""
        terms = [divergence(layer.log_alpha()) for layer in drawn_layers(model)]
        return self.factor / self.images * tf.add_n([tf.reduce_sum(term) for term in terms])

    def finish(self, model: Any) -> Any:
        """Return the plain layers, without the weights that are drowned."""
        for layer in drawn_layers(model):
            layer.layer.kernel.assign(layer.kept())
        return unwrapped(model)


class Noisy(Drawn):
    """A layer whose output has, in training, the noise of its weights."""

    def __init__(self, layer: Any, seed: int) -> None:
        super().__init__(layer, seed, "noisy")

    def build(self, input_shape: Any) -> None:
        """Make log sigma^2, of the shape of the kernel."""
        super().build(input_shape)
        self.log_variance = self.add_weight(
            name="log_variance", shape=self.layer.kernel.shape, initializer=keras.initializers.Constant(FIRST)
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the output of the layer, with noise when ``training``."""
        mean = self.layer(inputs)
        if not training:
            return mean
        variance = self.linear(tf.square(inputs), tf.exp(tf.cast(self.log_variance, inputs.dtype)))
        noise = tf.random.stateless_normal(tf.shape(mean), self.key(), dtype=mean.dtype)
        return mean + tf.sqrt(variance + TINY) * noise

    def kept(self) -> Any:
        """Return the kernel without the weights that are drowned."""
        return self.layer.kernel * tf.cast(self.log_alpha() <= GONE, self.layer.kernel.dtype)

    def log_alpha(self) -> Any:
        """Return log (sigma^2 / w^2), of the shape of the kernel."""
        return self.log_variance - tf.math.log(tf.square(tf.stop_gradient(self.layer.kernel)) + TINY)


def divergence(log_alpha: Any) -> Any:
    """Return the divergence of a weight's noise from its prior, of the shape of ``log_alpha``; it falls towards 0."""
    return K1 - K1 * tf.sigmoid(K2 + K3 * log_alpha) + 0.5 * tf.nn.softplus(-log_alpha)


def variational_dropout(run: Run, steps: int, _sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    images = steps // run.epochs * run.batch_size  # those of training, rounded up to whole batches
    return VariationalDropout(run.variational_dropout, images, run.derived_seed("noise"))
