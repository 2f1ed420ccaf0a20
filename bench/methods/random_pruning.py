"""Random pruning, the control for a claim about magnitude pruning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.pruning_wrapper import Score
from bench.spec.hashed import hashed


@dataclass(frozen=True)
class RandomPruning(MagnitudePruning):
    """Zero weights drawn by ``seed``, on the schedule and to the fraction of magnitude pruning.

    Each weight has a fixed score, uniform in [0, 1), and the weights of the smallest scores are zeroed first: a weight that
    is zero stays zero.
    Source: Blalock et al. 2020, arXiv:2003.03033, which asks for random pruning as the baseline.
    """

    seed: int

    def score(self, layer: Any) -> Score:
        """Return the fixed scores of the weights of ``layer``, drawn from the seed and the layer's name."""
        words = [hashed(f"{self.seed}/{layer.name}", 31, word) for word in (0, 1)]

        def scores(weights: Any) -> Any:
            # In float64: in float32 the scores of millions of weights have ties, and all that tie are kept.
            return tf.random.stateless_uniform(tf.shape(weights), words, dtype=tf.float64)

        return scores
