"""The metrics of a network, measured from its weights: zeros, parameters, multiply-accumulates, bytes, norms."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import tf_keras as keras

from bench.evaluation.spectral_norm import operator_norm
from bench.methods.kernels import kernel_layers, outer_layers, plain
from bench.methods.separable import HORIZONTAL, VERTICAL, largest_rank, pairs, rank_of_pair
from bench.records.schema import KernelRow, Metrics, PairRow


def kernel_rows(model: Any) -> list[KernelRow]:
    """Return a row for each convolution and dense kernel, in the order of the network.

    ``size`` and ``zeros`` count weights; ``sparsity`` is zeros / size; ``macs`` is the number of multiply-accumulates
    for one image (size times the output positions of the layer) and ``macs_nonzero`` leaves out those with a weight of
    exactly zero; ``spectral_norm`` is the operator norm of the layer without bias.
    """
    rows = []
    for layer in kernel_layers(model):
        kernel = layer.kernel.numpy()
        positions = _positions(layer)
        nonzero = int(np.count_nonzero(kernel))
        rows.append(
            KernelRow(
                layer=layer.name,
                shape=list(kernel.shape),
                size=int(kernel.size),
                zeros=int(kernel.size) - nonzero,
                sparsity=1 - nonzero / kernel.size,
                macs=positions * int(kernel.size),
                macs_nonzero=positions * nonzero,
                spectral_norm=operator_norm(layer),
                filters=kernel.shape[-1],
                filters_zero=int((~kernel.any(axis=tuple(range(kernel.ndim - 1)))).sum()),
            )
        )
    return rows


def multiply_accumulates(model: Any) -> int:
    """Return the multiply-accumulates of all kernels for one image, those with a weight of zero included."""
    return sum(_positions(layer) * int(np.prod(plain(layer).kernel.shape)) for layer in outer_layers(model))


def _positions(layer: Any) -> int:
    return int(np.prod(layer.output_shape[1:-1], dtype=np.int64))


def low_rank_rows(model: Any) -> list[PairRow]:
    """Return a row for each separable pair: its rank and cost, and the cost of the one convolution that it replaces.

    ``rank`` is the number of channels between the factors, ``rank_found`` the numerical rank of the recomposed kernel
    (batch norm between the factors changes it only if it sets a channel to zero), ``rank_largest`` the largest rank of
    any kernel of this shape. ``weights`` and ``macs`` are those of both factors, zeros included, and ``_before`` those of
    the one convolution.
    """
    rows = []
    for name in pairs(model):
        first, second = model.get_layer(name + VERTICAL), model.get_layer(name + HORIZONTAL)
        vertical, horizontal = first.kernel.numpy(), second.kernel.numpy()
        (size, _, channels, rank), out = vertical.shape, horizontal.shape[3]
        norm = model.get_layer(f"{name}{VERTICAL}_bn")
        scaled = vertical * norm.gamma.numpy()
        positions = [_positions(layer) for layer in (first, second)]
        rows.append(
            PairRow(
                layer=name,
                rank=rank,
                rank_found=rank_of_pair(scaled, horizontal),
                rank_largest=largest_rank(size, channels, out),
                weights=vertical.size + horizontal.size,
                weights_before=size * size * channels * out,
                smaller=vertical.size + horizontal.size < size * size * channels * out,
                macs=positions[0] * vertical.size + positions[1] * horizontal.size,
                macs_before=positions[1] * size * size * channels * out,
            )
        )
    return rows


def measure(model: Any, accuracy: float) -> Metrics:
    """Return the metrics of a plain network of clean ``accuracy``: the kernel rows and their totals.

    ``parameters`` counts the trainable ones; ``sparsity`` is the fraction of zeros among all prunable weights and
    ``sparsity_whole`` among all parameters, biases and normalisation included. ``gzip_bytes`` is the size of the
    trainable weights, float32, after gzip. ``spectral_product`` is the product of the operator norms of every affine
    layer (the report's equation 9), batch norm included: an upper bound of the Lipschitz constant in standardised
    pixels for a chain of layers, and only a description where there are residual branches. ``batch_norm_norms`` has the
    norms of the normalisation layers, the largest of |gamma| / sqrt(var + e). ``low_rank`` has the rows of separable pairs.
    """
    rows = kernel_rows(model)
    trainable = [variable.numpy() for variable in model.trainable_variables]
    parameters = sum(int(array.size) for array in trainable)
    nonzero = sum(int(np.count_nonzero(array)) for array in trainable)
    norms = {
        layer.name: _batch_norm_norm(layer)
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    product = float(np.prod([row.spectral_norm for row in rows] + list(norms.values()), dtype=np.float64))
    return Metrics(
        accuracy=accuracy,
        parameters=parameters,
        parameters_nonzero=nonzero,
        sparsity=sum(row.zeros for row in rows) / sum(row.size for row in rows),
        sparsity_whole=1 - nonzero / parameters,
        macs=sum(row.macs for row in rows),
        macs_nonzero=sum(row.macs_nonzero for row in rows),
        gzip_bytes=len(gzip.compress(b"".join(array.tobytes() for array in trainable), compresslevel=6, mtime=0)),
        spectral_product=product if np.isfinite(product) else None,
        batch_norm_norms=norms,
        kernels=rows,
        low_rank=low_rank_rows(model),
    )


def _batch_norm_norm(layer: Any) -> float:
    scale = layer.gamma.numpy() / np.sqrt(layer.moving_variance.numpy() + layer.epsilon)
    return float(np.max(np.abs(scale)))
