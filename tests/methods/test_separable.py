from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from factored import recompose

from bench.errors import BadInput
from bench.methods.low_rank import LowRank
from bench.methods.separable import factor, largest_rank, matricise, pairs, rank_of_pair
from bench.spec.ranks import RankFraction, RankList

SIZE, CHANNELS, OUT = (9, 11), 3, 4


def pair(rank: int, size: int, strides: int, padding: str, seed: int = 0) -> Any:
    """Build a network of one separable convolution with drawn weights."""
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((*SIZE, CHANNELS))
    conv = LowRank("resnet18", RankList((rank,))).conv(keras.layers.Conv2D)
    out = conv(OUT, size, strides=strides, padding=padding, use_bias=False, name="conv")(pixels)
    return keras.Model(pixels, out)


def drawn(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


# What the architectures use: 11 and 5 "same" at strides 4 and 1, 3 at both, and "valid" at stride 2 behind a padding.
@pytest.mark.parametrize(
    ("size", "strides", "padding"),
    [
        (11, 4, "same"),
        (5, 1, "same"),
        (3, 1, "same"),
        (5, 2, "same"),
        (7, 2, "valid"),
        (3, 2, "valid"),
        (3, 1, "valid"),
    ],
)
@pytest.mark.parametrize("rank", [1, 5])
def test_a_pair_is_one_convolution_with_the_recomposed_kernel(size: int, strides: int, padding: str, rank: int) -> None:
    model, images = pair(rank, size, strides, padding), drawn(2, *SIZE, CHANNELS)
    factors = [model.get_layer(name).kernel.numpy() for name in ("conv_vertical", "conv_horizontal")]
    one = keras.layers.Conv2D(OUT, size, strides=strides, padding=padding, use_bias=False)
    one.build((None, *SIZE, CHANNELS))
    one.set_weights([recompose(*factors) / np.sqrt(1 + 1e-5)])  # batch norm at the start divides by sqrt(1 + e)
    np.testing.assert_allclose(model(images).numpy(), one(images).numpy(), atol=1e-4)
    assert np.linalg.matrix_rank(matricise(recompose(*factors))) <= rank


def test_the_one_case_that_tensorflow_computes_wrongly_is_refused() -> None:
    pixels = keras.Input((9, 4, CHANNELS))
    conv = LowRank("resnet18", RankList((1,))).conv(keras.layers.Conv2D)
    with pytest.raises(BadInput, match="a cannot have rank 1 where its output is one pixel wide"):
        conv(OUT, 3, strides=2, padding="valid", use_bias=False, name="a")(pixels)


def test_a_full_rank_pair_is_the_kernel_itself() -> None:
    kernel = drawn(3, 3, CHANNELS, OUT)
    rank = largest_rank(3, CHANNELS, OUT)
    assert rank == 9
    np.testing.assert_allclose(recompose(*factor(kernel, rank)), kernel, atol=1e-5)
    vertical, horizontal = factor(kernel, rank + 2)
    assert not vertical[..., rank:].any()
    np.testing.assert_allclose(recompose(vertical, horizontal), kernel, atol=1e-5)


@pytest.mark.parametrize("rank", [1, 4, 8])
def test_the_error_of_a_factored_kernel_is_the_bound_of_eckart_and_young(rank: int) -> None:
    kernel = drawn(3, 3, CHANNELS, OUT)
    left_out = np.linalg.svd(matricise(kernel), compute_uv=False)[rank:]
    error = np.linalg.norm(recompose(*factor(kernel, rank)) - kernel)
    assert error == pytest.approx(np.sqrt((left_out**2).sum()), rel=1e-4)


@pytest.mark.parametrize(("rank", "dropped"), [(1, 0), (5, 0), (5, 2), (20, 0)])
def test_the_rank_of_a_pair_is_that_of_its_recomposed_kernel(rank: int, dropped: int) -> None:
    vertical, horizontal = drawn(3, 1, CHANNELS, rank), drawn(1, 3, rank, OUT)
    vertical[..., :dropped] = 0
    assert rank_of_pair(vertical, horizontal) == np.linalg.matrix_rank(matricise(recompose(vertical, horizontal)))


def test_the_kernel_by_hand() -> None:
    vertical = np.array([1.0, 2.0], np.float32).reshape(2, 1, 1, 1)
    horizontal = np.array([3.0, 5.0], np.float32).reshape(1, 2, 1, 1)
    np.testing.assert_array_equal(recompose(vertical, horizontal)[:, :, 0, 0], [[3, 5], [6, 10]])


def test_a_fraction_is_of_the_largest_rank_and_a_convolution_of_one_pixel_stays() -> None:
    pixels = keras.Input((8, 8, 6))
    conv = LowRank("resnet18", RankFraction(0.5)).conv(keras.layers.Conv2D)
    x = conv(10, 3, padding="same", name="a")(conv(6, 1, name="point")(pixels))
    model = keras.Model(pixels, x)
    assert pairs(model) == ["a"]
    assert model.get_layer("a_vertical").filters == 9  # half of 3 * min(6, 10)
    assert model.get_layer("point").kernel.shape == (1, 1, 6, 6)


def test_batch_norm_follows_each_factor_but_where_the_architecture_normalises() -> None:
    pixels = keras.Input((8, 8, 3))
    conv = LowRank("resnet18", RankFraction(0.5)).conv(keras.layers.Conv2D)
    model = keras.Model(pixels, conv(4, 3, name="b", use_bias=False)(conv(4, 3, name="a")(pixels)))
    norms = [layer.name for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert norms == ["a_vertical_bn", "a_horizontal_bn", "b_vertical_bn"]
    assert not any(layer.use_bias for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
