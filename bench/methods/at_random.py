"""Random pruning, the control that a claim about magnitude pruning needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow_model_optimization.python.core.sparsity.keras import pruning_impl, pruning_wrapper

from bench.methods.magnitude import Magnitude


@dataclass(frozen=True)
class AtRandom(Magnitude):
    """Zero weights drawn by ``seed``, on the schedule and to the share of magnitude pruning.

    Each weight has a fixed score, uniform in [0, 1), and those of the smallest scores go first: what is zero stays zero.
    Only the score differs from ``Magnitude``; wrapper, schedule, count and strip are the same.
    Source: Blalock et al. 2020, arXiv:2003.03033, which asks for random pruning as the baseline.
    """

    seed: int

    def _pruned(self, layer: Any, schedule: Any) -> Any:
        digest = hashlib.sha256(f"{self.seed}/{layer.name}".encode()).digest()
        words = [int.from_bytes(digest[:4], "big") >> 1, int.from_bytes(digest[4:8], "big") >> 1]
        return _Wrapper(layer, words, pruning_schedule=schedule)


class _Wrapper(pruning_wrapper.PruneLowMagnitude):  # type: ignore[misc]  # the library has no types
    """The library's wrapper, whose masks do not look at the weights."""

    def __init__(self, layer: Any, words: list[int], **options: Any) -> None:
        super().__init__(layer, **options)
        self._words = words

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.pruning_obj = _Pruning(
            self._words,
            training_step_fn=lambda: self.pruning_step,
            pruning_vars=self.pruning_vars,
            pruning_schedule=self.pruning_schedule,
            block_size=self.block_size,
            block_pooling_type=self.block_pooling_type,
        )


class _Pruning(pruning_impl.Pruning):  # type: ignore[misc]  # the library has no types
    def __init__(self, words: list[int], **options: Any) -> None:
        super().__init__(**options)
        self._words = words

    def _update_mask(self, weights: Any) -> Any:
        # In float64: in float32 the scores of millions of weights have ties, and the library keeps all that tie.
        scores = tf.random.stateless_uniform(tf.shape(weights), self._words, dtype=tf.float64)
        threshold, mask = super()._update_mask(scores)
        return tf.cast(threshold, weights.dtype), tf.cast(mask, weights.dtype)
