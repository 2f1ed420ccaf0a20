"""The pruning library's wrapper around a layer, with a score of our own and a threshold that needs no sort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow_model_optimization.python.core.sparsity.keras import pruning_impl, pruning_wrapper

Score = Callable[[Any], Any]
# (scores, sparsity, step) -> the smallest score that is kept, all of them tensors.
Threshold = Callable[[Any, Any, Any], Any]


class ScoredPruning(pruning_wrapper.PruneLowMagnitude):  # type: ignore[misc]  # the library has no types
    """Keep the weights of the largest ``score``, as many as the schedule says at each of its steps.

    Args:
        score: takes a kernel and returns a tensor of its shape, or with length 1 along some axes: the weights along them
            are kept or zeroed together.
        threshold: finds the smallest score that is kept.
        options: those of the library, whose schedule, clock, mask and strip are used.
    """

    def __init__(self, layer: Any, score: Score, threshold: Threshold, **options: Any) -> None:
        super().__init__(layer, **options)
        self._score, self.threshold = score, threshold

    def build(self, input_shape: Any) -> None:
        """Make the variables as the library does, and replace what computes the mask."""
        super().build(input_shape)
        self.pruning_obj = _Masks(
            self._score,
            self.threshold,
            training_step_fn=lambda: self.pruning_step,
            pruning_vars=self.pruning_vars,
            pruning_schedule=self.pruning_schedule,
            block_size=self.block_size,
            block_pooling_type=self.block_pooling_type,
        )


class _Masks(pruning_impl.Pruning):  # type: ignore[misc]  # the library has no types
    def __init__(self, score: Score, threshold: Threshold, **options: Any) -> None:
        super().__init__(**options)
        self._score, self._threshold = score, threshold

    def _update_mask(self, weights: Any) -> Any:
        step = self._step_fn()
        scores = self._score(weights)
        threshold = self._threshold(scores, self._pruning_schedule(step)[1], step)
        mask = tf.broadcast_to(scores >= threshold, tf.shape(weights))
        return tf.cast(threshold, weights.dtype), tf.cast(mask, weights.dtype)


def of_the_kernel(scores: Any, sparsity: Any, _step: Any) -> Any:
    """Return the smallest score that is kept where each kernel has the same fraction of zeros."""
    # The library sorts all weights to read one threshold: 5 s for FC5's 16.5 million, where a partition takes 0.2 s.
    kept = tf.maximum(tf.round(tf.cast(tf.size(scores), tf.float32) * (1 - sparsity)), 1)
    return tf.numpy_function(largest, [scores, tf.cast(kept, tf.int32)], scores.dtype)


def largest(scores: NDArray[Any], kept: int) -> NDArray[Any]:
    """Return the smallest of the ``kept`` largest scores."""
    place = scores.size - int(kept)
    return np.asarray(np.partition(scores.ravel(), place)[place])
