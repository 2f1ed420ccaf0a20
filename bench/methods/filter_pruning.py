"""Structured pruning: whole filters in place of single weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from bench.methods.kernels import kernel_layers
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.pruning_wrapper import Score
from bench.records.schema import Metrics


@dataclass(frozen=True)
class FilterPruning(MagnitudePruning):
    """Zero the output filters of the smallest L2 norm: of convolutions whole filters, of dense layers whole units.

    The fraction of zero filters of each kernel follows the cubic schedule of ``MagnitudePruning`` to ``sparsity``. The last
    layer with a kernel is not pruned: its units are the classes. Biases and batch norm are not pruned, so a zero filter
    still sends a constant to the next layer.
    Departures: the paper ranks by L1 norm, prunes a trained network once and retrains it, takes the filters out, and
    chooses layers and fractions by their sensitivity. Here the norm is L2, pruning is gradual, filters become zeros, and
    all layers have the same fraction. The paper prunes no dense layers.
    Source: Li et al. 2017, arXiv:1608.08710.
    """

    def score(self, layer: Any) -> Score:
        """Return the L2 norm of each filter, with length 1 along every other axis of the kernel."""
        del layer

        def scores(weights: Any) -> Any:
            within = list(range(len(weights.shape) - 1))
            return tf.sqrt(tf.reduce_sum(tf.square(weights), within, keepdims=True))

        return scores

    def layers(self, model: Any) -> list[Any]:
        """Return the layers with a kernel but the last."""
        return kernel_layers(model)[:-1]

    def counts(self, metrics: Metrics) -> Iterable[tuple[str, int, int]]:
        """Return (layer, zero filters, filters) of each pruned kernel, as measured."""
        return [(row.layer, row.filters_zero or 0, row.filters or 0) for row in metrics.kernels[:-1]]
