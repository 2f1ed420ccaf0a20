"""Variational dropout: the noise and the divergence by their formulas, and what goes at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from tiny import tiny_run
from trainings import stepped

from bench.datasets.base import Dataset
from bench.errors import BadInput
from bench.methods.kernels import kernel_layers
from bench.methods.variational_dropout import Noisy, VariationalDropout, divergence


def network() -> Any:
    keras.utils.set_random_seed(0)
    pixels = keras.Input((6, 6, 2))
    x = keras.layers.Flatten()(keras.layers.Conv2D(3, 3, strides=2, padding="same", name="conv")(pixels))
    return keras.Model(pixels, keras.layers.Dense(4, name="logits")(x))


@pytest.mark.parametrize("name", ["conv", "logits"])
def test_the_noise_of_an_output_has_the_mean_and_the_variance_of_noisy_weights(name: str) -> None:
    layer = network().get_layer(name)
    images = np.random.default_rng(0).normal(size=(1, *layer.input_shape[1:])).astype(np.float32)
    noisy = Noisy(layer, 1)
    mean = noisy(images).numpy()
    draw = np.random.default_rng(1)
    noisy.log_variance.assign(draw.normal(-3, 1, noisy.log_variance.shape))
    many = noisy(np.repeat(images, 20_000, axis=0), training=True).numpy()
    kernel, deviation = layer.kernel.numpy(), np.exp(noisy.log_variance.numpy() / 2)
    # One layer with the outputs of 1500 draws of the weights, side by side.
    kernels = kernel[..., None] + deviation[..., None] * draw.normal(size=(*kernel.shape, 1_500))
    count, config = np.prod(kernels.shape[-2:]), layer.get_config()
    wide = type(layer).from_config({**config, "filters" if "filters" in config else "units": count})
    wide.build(layer.input_shape)
    wide.kernel.assign(kernels.reshape(*kernel.shape[:-1], count))
    by_hand = wide(images).numpy()[0].reshape(*mean[0].shape, -1)
    np.testing.assert_allclose(many.mean(axis=0), mean[0], atol=0.05 * many.std())
    np.testing.assert_allclose(many.std(axis=0), by_hand.std(axis=-1), rtol=0.1)


def test_the_divergence_falls_towards_zero_and_is_the_fit_of_the_source() -> None:
    values = divergence(tf.constant([-8.0, -2.0, 0.0, 3.0, 20.0])).numpy()
    assert (np.diff(values) < 0).all()
    assert values[-1] == pytest.approx(0, abs=1e-4)
    # The exact divergence at alpha = 1 is 0.5 log 2 + k1 (1 - s(k2)).
    assert values[2] == pytest.approx(0.5 * np.log(2) + 0.63576 / (1 + np.exp(1.8732)), abs=1e-5)


def test_weights_that_bear_any_noise_go_and_the_others_stay() -> None:
    method = VariationalDropout(1.0, 100, 0)
    model = network()
    before = {name: model.get_layer(name).kernel.numpy() for name in ("conv", "logits")}
    wrapped = method.prepare(model)
    variables = method.own_variables(wrapped)
    assert [variable.shape for variable in variables] == [kernel.shape for kernel in before.values()]
    limit = {name: np.log(kernel**2 + 1e-8) + 3 for name, kernel in before.items()}
    gone = {name: np.random.default_rng(0).random(kernel.shape) < 0.4 for name, kernel in before.items()}
    for variable, name in zip(variables, before, strict=True):
        variable.assign(np.where(gone[name], limit[name] + 0.1, limit[name] - 0.1))
    plain = method.finish(wrapped)
    for name, kernel in before.items():
        np.testing.assert_array_equal(plain.get_layer(name).kernel.numpy(), np.where(gone[name], 0, kernel))


@pytest.mark.usefixtures("small_network")
def test_a_larger_factor_zeroes_more(tiny: Dataset) -> None:
    zeros = []
    for factor in (0.0001, 0.01, 1.0):
        model = stepped(tiny_run(arch="small", epochs=15, batch_size=8, variational_dropout=factor), tiny)
        zeros.append(sum(int((layer.kernel.numpy() == 0).sum()) for layer in kernel_layers(model)))
    assert zeros[0] < zeros[1] < zeros[2]


def test_it_is_refused_beside_a_sparsity_with_the_way_out() -> None:
    with pytest.raises(BadInput, match="sparsity and variational_dropout each choose"):
        tiny_run(variational_dropout=1.0, sparsity=0.5)
