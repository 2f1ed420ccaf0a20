"""MagnitudePruning pruning by tensorflow-model-optimization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras as keras

from bench.errors import BadInput, BenchError
from bench.methods.base import Method
from bench.methods.kernels import KERNELS
from bench.methods.pruning_wrapper import ScoredPruning
from bench.records.schema import Metrics
from bench.spec.pruning_schedule import Steps

TIES = 1e-5


@dataclass(frozen=True)
class MagnitudePruning(Method):
    """Zero the smallest weights of every convolution and dense kernel, a little more at each pruning step.

    The share of zeros after the pruning at step t follows the cubic schedule

        s_t = s_f - s_f * (1 - (t - t_start) / (n * f))**3

    where s_f is ``sparsity``, and t_start, n and f are ``schedule.begin``, ``schedule.updates`` and
    ``schedule.frequency``; t counts optimiser steps from 1. Kernels are pruned one by one, each to the same share.
    Biases and normalisation parameters are left alone.
    Departure: the library keeps every weight that equals its threshold, which in a kernel of millions leaves a few too
    many; where they are no more than 1e-5 of the kernel, the smallest of them are zeroed at the end.
    Source: Zhu & Gupta 2017, arXiv:1710.01878, eq. 1, with initial sparsity 0.
    """

    sparsity: float
    schedule: Steps

    def prepare(self, model: Any) -> Any:
        """Wrap every convolution and dense layer; BadInput where float32 cannot express the share of zeros of a kernel."""
        for layer in model.layers:
            if isinstance(layer, KERNELS):
                self._check_reachable(layer.name, layer.kernel.shape.num_elements())
        return keras.models.clone_model(model, clone_function=self._wrap)

    def warm_start(self, model: Any, steps: int) -> None:
        """Set the pruning clock of every wrapper."""
        for layer in model.layers:
            if isinstance(layer, keras.layers.Wrapper):
                layer.pruning_step.assign(steps)

    def callbacks(self) -> list[Any]:
        """Return the callback that starts the pruning clock and masks the weights once more at the end of each epoch."""
        return [tfmot.sparsity.keras.UpdatePruningStep()]

    def finish(self, model: Any) -> Any:
        """Strip the wrappers: the plain layers with their zeros, as many as asked but for ties beyond the tolerance."""
        stripped = tfmot.sparsity.keras.strip_pruning(model)
        for layer in stripped.layers:
            if isinstance(layer, KERNELS):
                self._break_ties(layer)
        return stripped

    def verify(self, metrics: Metrics) -> None:
        """Raise BenchError where the zeros of a kernel differ by more than one weight from ``sparsity`` times its size."""
        wrong = [row for row in metrics.kernels if abs(row.zeros - self.sparsity * row.size) > 1]
        if wrong:
            first = wrong[0]
            raise BenchError(
                f"sparsity not reached: {first.layer} has {first.zeros:,} zeros of {first.size:,} where "
                f"{self.sparsity:g} was asked ({len(wrong)} of {len(metrics.kernels)} kernels are off): the run is not "
                "recorded"
            )

    def _break_ties(self, layer: Any) -> None:
        kernel = layer.kernel.numpy()
        left = np.flatnonzero(kernel)
        surplus = len(left) - self._kept(kernel.size)
        # A larger surplus is no tie but a schedule that did not finish, which must show.
        if 0 < surplus <= TIES * kernel.size:
            smallest = left[np.argpartition(np.abs(kernel.ravel()[left]), surplus)[:surplus]]
            kernel.ravel()[smallest] = 0
            layer.kernel.assign(kernel)

    def _kept(self, size: int) -> int:
        # The library computes the number of weights to keep in float32, whose 24 bits run out on tens of millions.
        return max(1, int(np.round(np.float32(size) * (np.float32(1) - np.float32(self.sparsity)))))

    def _wrap(self, layer: Any) -> Any:
        if not isinstance(layer, KERNELS):
            return layer
        cubic = tfmot.sparsity.keras.PolynomialDecay(
            initial_sparsity=0.0,
            final_sparsity=self.sparsity,
            begin_step=self.schedule.begin,
            end_step=self.schedule.end,
            power=3,
            frequency=self.schedule.frequency,
        )
        return self._pruned(layer, cubic)

    def _pruned(self, layer: Any, schedule: Any) -> Any:
        return ScoredPruning(layer, tf.abs, pruning_schedule=schedule)

    def _check_reachable(self, name: str, size: int) -> None:
        kept = self._kept(size)
        if abs(size - kept - self.sparsity * size) > 1:
            raise BadInput(
                f"the kernel of {name} has {size:,} weights, of which the pruning library would zero {size - kept:,} in float32 "
                f"where sparsity {self.sparsity:g} asks for {self.sparsity * size:,.1f}: take a smaller image or another sparsity"
            )
