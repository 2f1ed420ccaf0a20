"""Magnitude pruning with tensorflow-model-optimization, and the base of the other ways to prune."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras as keras

from bench.errors import BadInput, BenchError
from bench.methods.base import Method
from bench.methods.kernels import kernel_layers
from bench.methods.pruning_wrapper import Score, ScoredPruning, Threshold, of_the_kernel
from bench.records.schema import Metrics
from bench.spec.pruning_schedule import Steps

TIES = 1e-5


@dataclass(frozen=True)
class MagnitudePruning(Method):
    """Zero the smallest weights of every convolution and dense kernel, a few more at each pruning step.

    The fraction of zeros after the pruning at step t follows the cubic schedule

        s_t = s_f - s_f * (1 - (t - t_start) / (n * f))**3

    where s_f is ``sparsity``, and t_start, n and f are ``schedule.begin``, ``schedule.updates`` and
    ``schedule.frequency``; t counts optimiser steps from 1. Each kernel is pruned by itself to the same fraction.
    Biases and normalisation parameters are not pruned.

    Another way to prune overrides ``score``, and where needed ``layers``, ``threshold``, ``break_ties`` and ``counts``.

    Departure: the library keeps every weight that equals its threshold, which leaves a few too many in a kernel of
    millions. Up to 1e-5 of the kernel, the smallest of them are zeroed at the end.
    Source: Zhu & Gupta 2017, arXiv:1710.01878, eq. 1, with initial sparsity 0.
    """

    sparsity: float
    schedule: Steps

    def score(self, layer: Any) -> Score:
        """Return what ranks the weights of ``layer``: a function from its kernel to scores; the smallest are zeroed.

        Scores have the shape of the kernel. Where an axis has length 1 instead, the weights along it are one unit that is
        kept or zeroed as a whole, and the sparsity counts units.
        """
        del layer
        scores: Score = tf.abs
        return scores

    def threshold(self) -> Threshold:
        """Return what finds the smallest score that is kept. All kernels of a network share it."""
        return of_the_kernel

    def layers(self, model: Any) -> list[Any]:
        """Return the layers of ``model`` to prune."""
        return kernel_layers(model)

    def counts(self, metrics: Metrics) -> Iterable[tuple[str, int, int]]:
        """Return (layer, zero units, units) of each pruned kernel, as measured."""
        return [(row.layer, row.zeros, row.size) for row in metrics.kernels]

    def prepare(self, model: Any) -> Any:
        """Wrap the layers to prune; BadInput where float32 cannot express the fraction of zeros of a kernel."""
        chosen = {id(layer) for layer in self.layers(model)}
        for layer in self.layers(model):
            self._check_reachable(layer.name, self._scores(layer).size)
        threshold = self.threshold()
        return keras.models.clone_model(
            model, clone_function=lambda layer: self._wrap(layer, threshold) if id(layer) in chosen else layer
        )

    def warm_start(self, model: Any, steps: int) -> None:
        """Set the pruning clock of every wrapper."""
        for layer in model.layers:
            if isinstance(layer, ScoredPruning):
                layer.pruning_step.assign(steps)

    def callbacks(self) -> list[Any]:
        """Return the callback that starts the pruning clock, and masks the weights once more at the end of each epoch."""
        return [tfmot.sparsity.keras.UpdatePruningStep()]

    def finish(self, model: Any) -> Any:
        """Return the plain layers with their zeros. Ties are broken up to the tolerance."""
        stripped = tfmot.sparsity.keras.strip_pruning(model)
        self.break_ties(stripped)
        return stripped

    def break_ties(self, model: Any) -> None:
        """Zero what is left too much of each kernel of the plain ``model``, up to the tolerance."""
        for layer in self.layers(model):
            self._zero_surplus(layer)

    def verify(self, metrics: Metrics) -> None:
        """Raise BenchError where the zero units of a kernel differ from ``sparsity`` times their number by more than one."""
        rows = list(self.counts(metrics))
        wrong = [row for row in rows if abs(row[1] - self.sparsity * row[2]) > 1]
        if wrong:
            layer, zeros, size = wrong[0]
            raise BenchError(
                f"sparsity not reached: {layer} has {zeros:,} zeros of {size:,} where {self.sparsity:g} was asked "
                f"({len(wrong)} of {len(rows)} kernels are off): the run is not recorded"
            )

    def _scores(self, layer: Any) -> Any:
        return np.asarray(self.score(layer)(tf.convert_to_tensor(layer.kernel)))

    def _zero_surplus(self, layer: Any) -> None:
        kernel, scores = layer.kernel.numpy(), self._scores(layer)
        whole = tuple(axis for axis, length in enumerate(scores.shape) if length == 1)
        left = np.flatnonzero(kernel.any(axis=whole, keepdims=True))
        surplus = len(left) - self._kept(scores.size)
        # A larger surplus is no tie: the schedule did not finish, and verify has to see that.
        if 0 < surplus <= TIES * scores.size:
            gone = np.zeros(scores.shape, bool)
            gone.ravel()[left[np.argpartition(scores.ravel()[left], surplus)[:surplus]]] = True
            layer.kernel.assign(np.where(gone, np.float32(0), kernel))

    def _kept(self, units: int) -> int:
        # The library computes this number in float32, whose 24 bits are too few for tens of millions.
        return max(1, int(np.round(np.float32(units) * (np.float32(1) - np.float32(self.sparsity)))))

    def _wrap(self, layer: Any, threshold: Threshold) -> Any:
        cubic = tfmot.sparsity.keras.PolynomialDecay(
            initial_sparsity=0.0,
            final_sparsity=self.sparsity,
            begin_step=self.schedule.begin,
            end_step=self.schedule.end,
            power=3,
            frequency=self.schedule.frequency,
        )
        return ScoredPruning(layer, self.score(layer), threshold, pruning_schedule=cubic)

    def _check_reachable(self, name: str, units: int) -> None:
        zeros = units - self._kept(units)
        if abs(zeros - self.sparsity * units) > 1:
            raise BadInput(
                f"the kernel of {name} has {units:,} weights, of which the pruning library would zero {zeros:,} in float32 "
                f"where sparsity {self.sparsity:g} asks for {self.sparsity * units:,.1f}: take a smaller image or another "
                "sparsity"
            )
