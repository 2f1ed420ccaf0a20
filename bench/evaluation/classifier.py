"""The attacker's view of a network: compiled, in float32, and counting what the gradients it hands out are worth."""

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
    """A float32 network that maps pixel levels to logits; BenchError where it returns probabilities.

    ``temperature`` is the one that it was trained at.
    Inference mode throughout. ``zero_images`` and ``zero_pixels`` count, over the gradients handed out since the last
    ``forget``, the images whose whole gradient is exactly zero and the share of single values that are; ``broken``
    counts NaN and infinite values.
    """

    def __init__(self, model: Any, temperature: float = 1.0) -> None:
        if model.dtype_policy.compute_dtype != "float32":
            raise BenchError(
                f"a network is attacked in float32, this one computes in {model.dtype_policy.compute_dtype}"
            )
        last = model.layers[-1]
        if getattr(last, "activation", None) is not None and last.activation.__name__ != "linear":
            raise BenchError(
                f"the attack needs logits: expected a network that ends linear, this one ends in {last.activation.__name__}"
            )
        self.temperature = temperature
        self._logits = tf.function(lambda images: model(images, training=False), reduce_retracing=True)
        self._losses = {kind: _gradient(model, loss) for kind, loss in LOSSES.items()}
        self.forget()

    def forget(self) -> None:
        """Start counting gradients anew."""
        self._gradients_zero: list[NDArray[np.bool_]] = []
        self._values_zero = self._values = self.broken = 0

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits of ``images`` (n, height, width, 3; float32 pixel levels), shape (n, classes)."""
        return np.concatenate([self._logits(chunk).numpy() for chunk in _chunks(images)])

    def gradient(self, images: Images, labels: Labels, loss: Loss) -> Images:
        """Return the gradient by the pixels of the ``loss`` of each image, shape of ``images``; NaN is counted and made 0."""
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
        """The share of handed-out gradients that are zero everywhere; 0 where none was asked for."""
        flags = np.concatenate(self._gradients_zero) if self._gradients_zero else np.zeros(0, bool)
        return float(flags.mean()) if flags.size else 0.0

    @property
    def zero_pixels(self) -> float:
        """The share of exact zeros among all gradient values handed out; 0 where none was asked for."""
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
