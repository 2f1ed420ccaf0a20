"""The nuclear-norm penalty: kernels of low rank, without another architecture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.methods.base import Method, Sources
from bench.methods.proximal import ProximalSteps
from bench.spec.run import Run

EVERY = 10  # steps between two decompositions, which cost far more than a step


@dataclass(frozen=True)
class NuclearNorm(Method):
    """Train on the loss plus (1 - m) ``factor`` times the sum of the singular values of all kernels, by proximal steps.

        s_i <- max(s_i - n * r * factor, 0)   after every n = 10 steps and each epoch, where r is the learning rate

    where s_i are the singular values of a kernel as a matrix: a dense kernel as it is, that of a convolution as (height *
    width * input channels, output channels). The singular vectors stay. m is the momentum: with the usual 0.9, a tenth of
    ``factor`` counts, as with the l1 penalty.

    Departures: the source adds the penalty to the loss; here a closed form takes its step, so that singular values become
    zero. It is taken for ten steps at once. A weight that is exactly zero stays zero, so that what pruning or an l1 penalty
    took away does not come back; of such a kernel fewer singular values become zero.
    Source: Langenberg et al. 2019, arXiv:1901.10371, for the penalty beside robustness; Cai et al. 2010, arXiv:0810.3286,
    for the step.
    """

    factor: float

    def callbacks(self) -> list[Any]:
        """Return the callback that takes the proximal steps."""
        return [ProximalSteps(_shrink, self.factor, EVERY)]


def shrunk(kernel: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Return ``kernel``, of any shape, with ``threshold`` taken off each singular value of its matrix, down to zero."""
    matrix = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    # The smaller Gram matrix costs a fraction of a decomposition; in float64 its small eigenvalues are good enough.
    values, vectors = np.linalg.eigh(tall.T @ tall)
    sizes = np.sqrt(np.maximum(values, 0))
    kept = np.divide(np.maximum(sizes - threshold, 0), sizes, out=np.zeros_like(sizes), where=sizes > 0)
    found = (tall @ (vectors * kept)) @ vectors.T
    return np.asarray((found if tall is matrix else found.T).reshape(kernel.shape), dtype=np.float32)


def _shrink(kernels: list[Any], threshold: float) -> None:
    for kernel in kernels:
        found = kernel.numpy()
        kernel.assign(shrunk(found, threshold) * (found != 0))


def nuclear_norm(run: Run, _steps: int, _sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    return NuclearNorm(run.nuclear_norm)
