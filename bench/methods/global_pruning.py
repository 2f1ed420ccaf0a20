"""Global pruning: one threshold for all kernels, so that each keeps a fraction of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.methods.kernels import kernel_layers
from bench.methods.magnitude_pruning import TIES, MagnitudePruning
from bench.methods.pruning_wrapper import ScoredPruning, Threshold, largest
from bench.records.schema import Metrics


@dataclass(frozen=True)
class GlobalPruning(MagnitudePruning):
    """Zero the smallest weights of all kernels together, on the schedule of ``MagnitudePruning``.

    ``sparsity`` is the fraction of zeros of all kernels as one; a kernel of small weights loses more than others, and may
    lose all.
    Source: Han et al. 2015, arXiv:1506.02626, for magnitudes; Blalock et al. 2020, arXiv:2003.03033, section 2.3, for one
    threshold against one a layer.
    """

    def threshold(self) -> Threshold:
        """Return what finds the threshold of all kernels."""
        return _SharedThreshold()

    def prepare(self, model: Any) -> Any:
        """Wrap the layers to prune, and show the shared threshold their kernels."""
        wrapped = super().prepare(model)
        wrappers = [layer for layer in wrapped.layers if isinstance(layer, ScoredPruning)]
        shared = wrappers[0].threshold
        assert isinstance(shared, _SharedThreshold)
        shared.kernels = [each.layer.kernel for each in wrappers]
        return wrapped

    def break_ties(self, model: Any) -> None:
        """Zero what is left too much of all kernels together, up to the tolerance, the first of equal weights first."""
        kernels = [layer.kernel for layer in kernel_layers(model)]
        values = np.concatenate([np.abs(kernel.numpy()).ravel() for kernel in kernels])
        left = np.flatnonzero(values)
        surplus = len(left) - round(len(values) * (1 - self.sparsity))
        if 0 < surplus <= max(1, TIES * len(values)):
            values[left[np.argsort(values[left], kind="stable")[:surplus]]] = 0
            parts = np.split(values, np.cumsum([kernel.numpy().size for kernel in kernels])[:-1])
            for kernel, part in zip(kernels, parts, strict=True):
                kernel.assign(np.where(part.reshape(kernel.shape) == 0, np.float32(0), kernel.numpy()))

    def verify(self, metrics: Metrics) -> None:
        """Raise BenchError where the zeros of all kernels differ from ``sparsity`` times the weights by more than one."""
        zeros, size = sum(row.zeros for row in metrics.kernels), sum(row.size for row in metrics.kernels)
        if abs(zeros - self.sparsity * size) > 1:
            raise BenchError(
                f"sparsity not reached: {zeros:,} zeros of {size:,} where {self.sparsity:g} was asked: the run is not recorded"
            )


class _SharedThreshold:
    """The smallest magnitude that is kept among all ``kernels``. It is found once a step, whichever layer asks first."""

    def __init__(self) -> None:
        self.kernels: list[Any] = []
        self._known: tuple[int, np.float32] = (-1, np.float32(0))

    def __call__(self, scores: Any, sparsity: Any, step: Any) -> Any:
        values = [tf.convert_to_tensor(each) for each in (step, sparsity, *self.kernels)]
        return tf.numpy_function(self._found, values, scores.dtype)

    def _found(self, step: int, sparsity: np.float32, *kernels: NDArray[np.float32]) -> np.float32:
        if self._known[0] != step:
            values = np.concatenate([np.abs(kernel).ravel() for kernel in kernels])
            kept = max(1, round(len(values) * (1 - float(sparsity))))
            self._known = int(step), np.float32(largest(values, kept))
        return self._known[1]
