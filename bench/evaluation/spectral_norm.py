"""The operator norm of a layer, the factor of the Lipschitz bound in the internship report's equation 9."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackError, LinearOperator, svds

SMALL = 32
TOLERANCE = 1e-4


def operator_norm(layer: Any) -> float:
    """Return the largest singular value of the linear map that ``layer`` applies, without the bias.

        ||W|| = max |W x|_2 / |x|_2

    It is computed by Lanczos iteration from a fixed start to a relative 1e-4, and where that ends in an error by power
    iteration. It is rounded to four digits: further digits of float32 sums differ between equal runs. For a convolution, W
    maps its input images to its output images, with the size, stride and padding of the network. The norm of the kernel
    reshaped to a matrix is no bound.

    Args:
        layer: a built tf_keras Conv2D (not dilated, not grouped) or Dense.

    Returns:
        The norm; 0 if every weight is zero.

    Source: the definition; for convolutions Sedghi et al. 2019, arXiv:1805.10408, discuss why the reshaped kernel misleads.
    """
    kernel = layer.kernel.numpy()
    if not kernel.any():
        return 0.0
    return float(f"{_norm(layer, kernel):.4g}")


def _norm(layer: Any, kernel: NDArray[np.float32]) -> float:
    if isinstance(layer, keras.layers.Conv2D):
        return _largest(_convolution(layer, kernel))
    if min(kernel.shape) <= SMALL:
        return float(np.linalg.norm(kernel, 2))
    return _largest(LinearOperator(kernel.shape, lambda x: kernel @ x, lambda y: kernel.T @ y, dtype=kernel.dtype))


def _largest(operator: LinearOperator) -> float:
    start = np.random.default_rng(0).standard_normal(min(operator.shape)).astype(np.float32)
    try:
        return float(svds(operator, k=1, tol=TOLERANCE, v0=start, return_singular_vectors=False)[0])
    except ArpackError:  # a map with few values, as of a kernel of which little more than one weight is left
        return _by_power(operator, start)


def _by_power(operator: LinearOperator, start: NDArray[np.float32]) -> float:
    """Return the largest singular value by power iteration; 0 where ``operator`` maps ``start`` to zero."""
    wide = operator if operator.shape[1] <= operator.shape[0] else operator.H
    vector, norm, before = start / np.linalg.norm(start), 0.0, -1.0
    while abs(norm - before) > TOLERANCE / 10 * norm:
        image = wide.matvec(vector)
        before, norm = norm, float(np.linalg.norm(image))
        back = wide.rmatvec(image)
        vector = back / (np.linalg.norm(back) or 1.0)
    return norm


def _convolution(layer: Any, kernel: NDArray[np.float32]) -> LinearOperator:
    size, out = (1, *layer.input_shape[1:]), (1, *layer.output_shape[1:])
    strides, padding = list(layer.strides), layer.padding.upper()
    ahead = tf.function(lambda x: tf.nn.conv2d(x, kernel, strides, padding))
    back = tf.function(lambda y: tf.nn.conv2d_transpose(y, kernel, size, strides, padding))
    return LinearOperator(
        (int(np.prod(out)), int(np.prod(size))),
        lambda x: ahead(tf.constant(x.reshape(size), tf.float32)).numpy().ravel(),
        lambda y: back(tf.constant(y.reshape(out), tf.float32)).numpy().ravel(),
        dtype=kernel.dtype,
    )
