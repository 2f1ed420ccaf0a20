"""A TensorFlow network as a target: compiled, in float32, with counts of its zero gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from bench.attacks.base import CrossEntropy, Loss, Margin
from bench.datasets.base import Images, Labels
from bench.errors import BenchError

BATCH = 256


class Classifier:
    """A float32 network that maps pixel levels to logits, in inference mode.

    ``zero_images``, ``zero_pixels`` and ``broken`` count over the gradients since the last ``forget``.

    Args:
        model: the tf_keras network.
        temperature: the T of its training.

    Attributes:
        broken: the number of gradient values that were NaN or infinite.

    Raises:
        BenchError: the network computes in another type than float32, or returns probabilities.
    """

    def __init__(self, model: Any, temperature: float = 1.0) -> None:
        if model.dtype_policy.compute_dtype != "float32":
            raise BenchError(
                f"an attack needs a float32 network: received one in {model.dtype_policy.compute_dtype}; build it in float32"
            )
        last = model.layers[-1]
        if getattr(last, "activation", None) is not None and last.activation.__name__ != "linear":
            raise BenchError(
                f"an attack needs logits: expected a linear last layer, received one with {last.activation.__name__}; remove it"
            )
        self.temperature = temperature
        self._logits = tf.function(lambda images: model(images, training=False), reduce_retracing=True)
        self._losses = {kind: _gradient(model, loss) for kind, loss in LOSSES.items()}
        self.forget()

    def forget(self) -> None:
        """Start the counts again."""
        self._gradients_zero: list[NDArray[np.bool_]] = []
        self._values_zero = self._values = self.broken = 0

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits (n, classes) of ``images`` (n, height, width, 3), float32 pixel levels."""
        return np.concatenate([self._logits(chunk).numpy() for chunk in _chunks(images)])

    def gradient(self, images: Images, labels: Labels, loss: Loss) -> Images:
        """Return the gradient of each image's ``loss`` by its pixels, of the shape of ``images``.

        NaN becomes 0 and infinity the largest float32; both are counted in ``broken``.
        """
        temperature = tf.constant(loss.temperature if isinstance(loss, CrossEntropy) else 1.0, tf.float32)
        compiled, pairs = self._losses[type(loss)], zip(_chunks(images), _chunks(labels), strict=True)
        gradient = np.concatenate([compiled(chunk, truth, temperature).numpy() for chunk, truth in pairs])
        zero = gradient == 0
        self._gradients_zero.append(zero.all(axis=(1, 2, 3)))
        self._values_zero += int(np.count_nonzero(zero))
        self._values += gradient.size
        self.broken += int(gradient.size - np.count_nonzero(np.isfinite(gradient)))
        finite: Images = np.nan_to_num(gradient, copy=False)
        return finite

    @property
    def zero_images(self) -> float:
        """The fraction of the gradients that are zero in every value; 0 if there was none."""
        flags = np.concatenate(self._gradients_zero) if self._gradients_zero else np.zeros(0, bool)
        return float(flags.mean()) if flags.size else 0.0

    @property
    def zero_pixels(self) -> float:
        """The fraction of the gradient values that are zero; 0 if there was none."""
        return self._values_zero / self._values if self._values else 0.0


def _chunks(array: NDArray[Any]) -> list[NDArray[Any]]:
    return [array[start : start + BATCH] for start in range(0, len(array), BATCH)]


def _cross_entropy(labels: Any, logits: Any, temperature: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits / temperature)


def _margin(labels: Any, logits: Any, _temperature: Any) -> Any:
    true = tf.one_hot(labels, logits.shape[-1], on_value=True, off_value=False)
    others = tf.where(true, tf.fill(tf.shape(logits), -np.inf), logits)
    return tf.reduce_max(others, axis=1) - tf.gather(logits, labels, batch_dims=1)


LOSSES = {CrossEntropy: _cross_entropy, Margin: _margin}


def _gradient(model: Any, loss: Any) -> Any:
    def gradient(images: Any, labels: Any, temperature: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            losses = loss(labels, model(images, training=False), temperature)
        return tape.gradient(losses, images)

    return tf.function(gradient, reduce_retracing=True)
