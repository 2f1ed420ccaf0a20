"""The attacker's view of a network: compiled, in float32, and counting what the gradients it hands out are worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from bench.attacks.base import Images, Labels
from bench.errors import BenchError

BATCH = 256


class Classifier:
    """A float32 network that maps pixel levels to logits; BenchError where it returns probabilities.

    Inference mode throughout. ``zero_images`` and ``zero_pixels`` count, over the gradients handed out since the last
    ``forget``, the images whose whole gradient is exactly zero and the share of single values that are; ``broken``
    counts NaN and infinite values.
    """

    def __init__(self, model: Any) -> None:
        if model.dtype_policy.compute_dtype != "float32":
            raise BenchError(
                f"a network is attacked in float32, this one computes in {model.dtype_policy.compute_dtype}"
            )
        last = model.layers[-1]
        if getattr(last, "activation", None) is not None and last.activation.__name__ != "linear":
            raise BenchError(
                f"the attack needs logits: expected a network that ends linear, this one ends in {last.activation.__name__}"
            )
        self._logits, self._gradient = _compiled(model)
        self.forget()

    def forget(self) -> None:
        """Start counting gradients anew."""
        self._gradients_zero: list[NDArray[np.bool_]] = []
        self._values_zero = self._values = self.broken = 0

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits of ``images`` (n, height, width, 3; float32 pixel levels), shape (n, classes)."""
        return np.concatenate([self._logits(chunk).numpy() for chunk in _chunks(images)])

    def gradient(self, images: Images, labels: Labels) -> Images:
        """Return the gradient of each image's cross-entropy by its pixels, shape of ``images``; NaN is counted and made 0."""
        pairs = zip(_chunks(images), _chunks(labels), strict=True)
        gradient = np.concatenate([self._gradient(chunk, truth).numpy() for chunk, truth in pairs])
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


def _compiled(model: Any) -> tuple[Any, Any]:
    def logits(images: Any) -> Any:
        return model(images, training=False)

    def gradient(images: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=False))
        return tape.gradient(losses, images)

    return tf.function(logits, reduce_retracing=True), tf.function(gradient, reduce_retracing=True)
