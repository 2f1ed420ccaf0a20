"""Algebra of separable pairs: the kernel of two factors, and the best two factors of a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

VERTICAL, HORIZONTAL = "_vertical", "_horizontal"

Kernel = NDArray[np.float32]


def largest_rank(size: int, channels_in: int, channels_out: int) -> int:
    """Return the largest useful rank, k * min(C, N): a pair of that rank can be any ``size`` x ``size`` kernel."""
    return size * min(channels_in, channels_out)


def rank_of_pair(vertical: Kernel, horizontal: Kernel) -> int:
    """Return the numerical rank of the matrix of the one convolution that equals a pair, without computing it.

    That convolution has the kernel W[i, j, c, n] = sum_d V[i, 0, c, d] H[0, j, d, n], where V is ``vertical`` (k, 1, C, K)
    and H is ``horizontal`` (1, k, K, N), both in the layout of tf_keras; W has the shape (k, k, C, N).
    With QR factorisations V = A R and H^T = B S of the factors as matrices, V H = A (R S^T) B^T has the singular values of
    the small R S^T.
    """
    first = vertical[:, 0].transpose(1, 0, 2).reshape(-1, vertical.shape[3])
    second = horizontal[0].transpose(1, 0, 2).reshape(vertical.shape[3], -1)
    upper, lower = np.linalg.qr(first).R, np.linalg.qr(second.T).R
    return int(np.linalg.matrix_rank(upper @ lower.T))


def matricise(kernel: Kernel) -> Kernel:
    """Return W (k, k, C, N) as the matrix (C * k, k * N). Its rank is the smallest K of a pair that equals W."""
    size, _, channels, out = kernel.shape
    return kernel.transpose(2, 0, 1, 3).reshape(channels * size, size * out)


def factor(kernel: Kernel, rank: int) -> tuple[Kernel, Kernel]:
    """Return the pair of ``rank`` channels nearest to ``kernel``, by the singular value decomposition of its matrix.

    With M = sum_d s_d u_d v_d^T the matrix of ``matricise``, V holds sqrt(s_d) u_d and H holds sqrt(s_d) v_d for the
    first K = ``rank`` of them. The squared distance to ``kernel`` is the sum of the remaining s_d^2, the least possible
    for K channels (Eckart & Young 1936). Beyond the rank of M both factors are zero.
    ``kernel``: (k, k, C, N). Returns (k, 1, C, K) and (1, k, K, N), float32.
    Source: Tai et al. 2016, arXiv:1511.06067, theorem 1.
    """
    size, _, channels, out = kernel.shape
    left, values, right = np.linalg.svd(matricise(kernel).astype(np.float64), full_matrices=False)
    kept = min(rank, len(values))
    scale = np.sqrt(values[:kept])
    vertical = np.zeros((size, 1, channels, rank), np.float32)
    horizontal = np.zeros((1, size, rank, out), np.float32)
    vertical[:, 0, :, :kept] = (left[:, :kept] * scale).reshape(channels, size, kept).transpose(1, 0, 2)
    horizontal[0, :, :kept] = (scale[:, None] * right[:kept]).reshape(kept, size, out).transpose(1, 0, 2)
    return vertical, horizontal


def pairs(model: Any) -> list[str]:
    """Return the names of the convolutions of ``model`` that are pairs, in the order of the network."""
    names = [layer.name for layer in model.layers]
    stems = [name.removesuffix(VERTICAL) for name in names if name.endswith(VERTICAL)]
    return [stem for stem in stems if stem + HORIZONTAL in names]
