"""Metrics against matrices, counts by hand and published figures."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from bench.evaluation.metrics import measure
from bench.evaluation.spectral_norm import operator_norm
from bench.spec.architectures import ARCHITECTURES


def network(*layers: Any, size: tuple[int, ...] = (6, 5, 2)) -> Any:
    pixels = x = keras.Input(size)
    for layer in layers:
        x = layer(x)
    return keras.Model(pixels, x)


def matrix_of(layer: Any, size: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Apply the layer, without its bias, to each basis image: the columns of its matrix."""
    basis = np.eye(int(np.prod(size)), dtype=np.float32).reshape(-1, *size)
    out = layer(basis).numpy() - layer(np.zeros_like(basis)).numpy()
    return out.reshape(len(basis), -1)


@pytest.mark.parametrize("strides", [1, 2, 4])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_the_norm_of_a_convolution_is_that_of_its_matrix(strides: int, padding: str, kernel: int) -> None:
    layer = keras.layers.Conv2D(4, kernel, strides=strides, padding=padding, bias_initializer="ones")
    network(layer)
    expected = np.linalg.norm(matrix_of(layer, (6, 5, 2)), 2)
    assert operator_norm(layer) == pytest.approx(expected, rel=5e-3)


def test_the_norm_of_a_dense_layer_is_its_largest_singular_value() -> None:
    layer = keras.layers.Dense(7, bias_initializer="ones")
    network(layer, size=(12,))
    assert operator_norm(layer) == pytest.approx(np.linalg.norm(layer.kernel.numpy(), 2), rel=1e-3)


@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("places", [[(0, 0)], [(1, 1)], [(0, 0), (1, 1), (2, 1)]])
def test_the_norm_of_a_convolution_with_few_weights_is_that_of_its_matrix(side: int, places: list[Any]) -> None:
    # On one pixel, a weight off the centre of the kernel meets the padding alone.
    layer = keras.layers.Conv2D(40, 3, padding="same", use_bias=False)
    network(layer, size=(side, side, 40))
    kernel = np.zeros(layer.kernel.shape, np.float32)
    for number, place in enumerate(places):
        kernel[place][3 * number, 5] = 1 + number
    layer.set_weights([kernel])
    expected = np.linalg.norm(matrix_of(layer, (side, side, 40)), 2)
    assert operator_norm(layer) == pytest.approx(expected, rel=1e-3)


def test_the_norm_of_nothing_is_zero() -> None:
    layer = keras.layers.Dense(3, kernel_initializer="zeros")
    network(layer, size=(4,))
    assert operator_norm(layer) == 0


def test_the_metrics_of_a_small_network_by_hand() -> None:
    conv = keras.layers.Conv2D(3, 3, padding="same", strides=2, name="conv")
    dense = keras.layers.Dense(2, name="fc")
    model = network(conv, keras.layers.BatchNormalization(name="bn"), keras.layers.Flatten(), dense)
    kernel = np.arange(54, dtype=np.float32).reshape(3, 3, 2, 3)
    kernel[0] = 0  # 18 of 54
    conv.set_weights([kernel, np.ones(3, np.float32)])
    found = measure(model, 0.25)
    first, second = found.kernels
    assert (first.layer, first.size, first.zeros, first.sparsity) == ("conv", 54, 18, pytest.approx(1 / 3))
    assert (first.macs, first.macs_nonzero) == (3 * 3 * 54, 3 * 3 * 36)  # 6 x 5 at stride 2 is 3 x 3
    assert (second.size, second.macs) == (27 * 2, 27 * 2)
    assert found.accuracy == 0.25
    assert found.parameters == 54 + 3 + 3 + 3 + 54 + 2
    # The biases of the dense layer and beta start at zero.
    assert found.parameters_nonzero == found.parameters - 18 - 3 - 2
    assert found.sparsity == pytest.approx(18 / 108)
    assert found.macs == 9 * 54 + 54
    norms = [first.spectral_norm, second.spectral_norm, 1 / np.sqrt(1 + 1e-3)]
    assert found.spectral_product == pytest.approx(np.prod(norms), rel=1e-6)
    trainable = b"".join(weight.numpy().tobytes() for weight in model.trainable_weights)
    assert found.gzip_bytes == len(gzip.compress(trainable, mtime=0, compresslevel=6))


def test_zeros_make_the_compressed_weights_smaller() -> None:
    dense = keras.layers.Dense(100)
    model = network(dense, size=(200,))
    before = measure(model, 0.0).gzip_bytes
    kernel = dense.kernel.numpy()
    kernel[np.abs(kernel) < np.quantile(np.abs(kernel), 0.9)] = 0
    dense.set_weights([kernel, np.zeros(100)])
    assert measure(model, 0.0).gzip_bytes < before / 3


def test_resnet18_at_224_pixels_has_the_papers_1_8_billion_multiply_adds() -> None:
    model = ARCHITECTURES["resnet18"].function()((224, 224, 3), 1000)
    macs = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            macs += int(np.prod(layer.output_shape[1:-1], dtype=int)) * int(np.prod(layer.kernel.shape))
    assert macs == pytest.approx(1.8e9, rel=0.02)
