"""Hard concrete gates: their formulas, and that as many shut as were asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from tiny import tiny_run
from trainings import stepped

from bench.datasets.base import Dataset
from bench.errors import BadInput, BenchError
from bench.evaluation.metrics import measure
from bench.methods.drawn import drawn_layers
from bench.methods.kernels import kept_kernels, kernel_layers
from bench.methods.l0 import L0, Gated, gate, open_probability


def network(classes: int = 4) -> Any:
    keras.utils.set_random_seed(0)
    pixels = keras.Input((6, 6, 2))
    x = keras.layers.Flatten()(keras.layers.Conv2D(3, 3, strides=2, padding="same", name="conv")(pixels))
    return keras.Model(pixels, keras.layers.Dense(classes, name="logits")(x))


@pytest.mark.parametrize("log_alpha", [-3.0, -1.0, 0.5, 3.0])
def test_a_gate_is_open_as_often_as_its_probability_says(log_alpha: float) -> None:
    layer = Gated(keras.layers.Dense(2), 1)
    layer(np.zeros((1, 40_000), np.float32))
    layer.log_alpha.assign(tf.fill(layer.log_alpha.shape, log_alpha))
    drawn = layer.draw().numpy()
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert (drawn > 0).mean() == pytest.approx(float(open_probability(tf.constant(log_alpha))), abs=0.01)


def test_the_gate_in_inference_is_that_of_the_source() -> None:
    found = gate(tf.constant([-2.4, -2.3, 0.0, 2.3, 2.4])).numpy()
    np.testing.assert_allclose(found, [0, 0.0093, 0.5, 0.9907, 1], atol=2e-4)


def test_a_gate_shuts_an_output_filter_or_an_input_unit() -> None:
    model = L0(0.5, 2.0, 0).prepare(network())
    conv, dense = drawn_layers(model)
    for layer in (conv, dense):
        openness = np.full(layer.gates, 9.0)
        openness[1] = -9
        layer.log_alpha.assign(openness.reshape(layer.log_alpha.shape))
    plain = L0(0.0, 2.0, 0).finish(model)
    filters, units = (layer.kernel.numpy() != 0 for layer in kernel_layers(plain))
    np.testing.assert_array_equal(filters.all(axis=(0, 1, 2)), [True, False, True])
    assert not filters[..., 1].any()
    np.testing.assert_array_equal(np.flatnonzero(~units.any(axis=1)), [1])
    assert units[np.arange(len(units)) != 1].all()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", ["conv", "logits"])
def test_a_gated_layer_is_the_layer_with_its_weights_times_the_gates(name: str, training: bool) -> None:
    layer = network().get_layer(name)
    layer.bias.assign(np.arange(layer.bias.shape[0], dtype=np.float32))
    images = np.random.default_rng(0).normal(size=(2, *layer.input_shape[1:])).astype(np.float32)
    gated = Gated(layer, 1)
    gated(images)
    gated.log_alpha.assign(np.random.default_rng(1).normal(0, 3, gated.log_alpha.shape))
    found = gated(images, training=training).numpy()
    if training:
        gated.calls.assign_sub(1)
    gates = gated.draw() if training else gate(gated.log_alpha)
    layer.kernel.assign(layer.kernel * gates)
    np.testing.assert_allclose(found, layer(images).numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("step", "asked"), [(0, 0.0), (35, 0.5), (70, 1.0), (100, 1.0)])
def test_the_multiplier_follows_the_excess_over_a_share_that_falls_until_70_percent(step: int, asked: float) -> None:
    method = L0(0.5, 100, 0)
    model = method.prepare(network())
    conv, dense = drawn_layers(model)
    opened = float(open_probability(tf.constant(2.5)))
    shares = (1 - asked * 2 / 3, 1 - asked * 14 / 27)  # of 3 gates, 2 are half or more; of 27, 14
    multipliers = [max(0.0, 3 * (opened - share)) for share in shares]
    conv.calls.assign(step)
    dense.calls.assign(step)
    assert float(method.penalty(model)) == pytest.approx(sum(multipliers) * opened, rel=1e-4, abs=1e-6)
    assert [float(each.multiplier) for each in (conv, dense)] == pytest.approx(multipliers, rel=1e-4)
    conv.log_alpha.assign(np.full(conv.log_alpha.shape, -9.0))
    method.penalty(model)
    assert float(conv.multiplier) == 0


@pytest.mark.parametrize(("log_alpha", "zeros"), [(9.0, 0), (-1.0, 12)])
def test_at_the_end_only_gates_that_are_nearly_shut_are_shut(log_alpha: float, zeros: int) -> None:
    method = L0(0.1, 2, 0)
    model = method.prepare(network())
    for layer in drawn_layers(model):
        layer.log_alpha.assign(tf.fill(layer.log_alpha.shape, log_alpha))
    (_, dense) = kernel_layers(method.finish(model))
    assert (dense.kernel.numpy() == 0).sum() == zeros  # 3 of its 27 units, of 4 weights each


def test_an_epoch_counts_the_zeros_that_the_gates_would_leave() -> None:
    model = L0(0.5, 2, 0).prepare(network())
    for layer in drawn_layers(model):
        layer.log_alpha.assign(tf.fill(layer.log_alpha.shape, -9.0))
    assert all(not np.any(kernel) for kernel in kept_kernels(model))
    assert all(np.all(layer.kernel) for layer in kernel_layers(model))


@pytest.mark.usefixtures("small_network")
@pytest.mark.parametrize("asked", [0.3, 0.8])
def test_at_least_as_many_weights_of_each_kernel_go_as_were_asked_and_not_many_more(
    asked: float, tiny: Dataset
) -> None:
    model = stepped(tiny_run(arch="small", epochs=38, batch_size=8, l0=asked, learning_rate=0.01), tiny)
    for layer in kernel_layers(model):
        kernel = layer.kernel.numpy()
        assert asked * kernel.size <= (kernel == 0).sum() <= (asked + 0.25) * kernel.size, layer.name


@pytest.mark.usefixtures("no_norms")
def test_a_share_that_was_not_reached_fails_the_run() -> None:
    method = L0(0.5, 2, 0)
    with pytest.raises(BenchError, match=r"l0: conv has 0 zeros of 54, where 0.5 was asked"):
        method.verify(measure(method.finish(method.prepare(network())), 0.5))


def test_it_is_refused_beside_another_choice_of_zeros() -> None:
    with pytest.raises(BadInput, match="sparsity and l0 each choose"):
        tiny_run(l0=0.5, sparsity=0.5)
