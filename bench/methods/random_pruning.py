"""Random pruning, the control that a claim about magnitude pruning needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.pruning_wrapper import ScoredPruning


@dataclass(frozen=True)
class RandomPruning(MagnitudePruning):
    """Zero weights drawn by ``seed``, on the schedule and to the share of magnitude pruning.

    Each weight has a fixed score, uniform in [0, 1), and those of the smallest scores go first: what is zero stays zero.
    Only the score differs from ``MagnitudePruning``; wrapper, schedule, count and strip are the same.
    Source: Blalock et al. 2020, arXiv:2003.03033, which asks for random pruning as the baseline.
    """

    seed: int

    def _pruned(self, layer: Any, schedule: Any) -> Any:
        digest = hashlib.sha256(f"{self.seed}/{layer.name}".encode()).digest()
        words = [int.from_bytes(digest[:4], "big") >> 1, int.from_bytes(digest[4:8], "big") >> 1]

        def score(weights: Any) -> Any:
            # In float64: in float32 the scores of millions of weights have ties, and all that tie are kept.
            return tf.random.stateless_uniform(tf.shape(weights), words, dtype=tf.float64)

        return ScoredPruning(layer, score, pruning_schedule=schedule)
