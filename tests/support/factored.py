"""Kernels of low rank, computed the plain way."""

from __future__ import annotations

import numpy as np

from bench.methods.separable import Kernel


def recompose(vertical: Kernel, horizontal: Kernel) -> Kernel:
    """Return the kernel of the one convolution that equals a pair.

        W[i, j, c, n] = sum_d V[i, 0, c, d] H[0, j, d, n]

    where V is ``vertical`` (k, 1, C, K) and H is ``horizontal`` (1, k, K, N), both in the layout of tf_keras; W has the
    shape (k, k, C, N).
    """
    kernel: Kernel = np.einsum("icd,jdn->ijcn", vertical[:, 0], horizontal[0])
    return kernel


def rank_of(kernel: Kernel) -> int:
    """Return the numerical rank of the matrix of ``kernel``: its singular values above 1e-4 of the largest."""
    matrix = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
    sizes = np.linalg.svd(matrix, compute_uv=False)
    return int((sizes > 1e-4 * sizes[0]).sum())
