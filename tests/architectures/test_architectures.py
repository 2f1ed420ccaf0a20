from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from bench.architectures.dropout import StatelessDropout
from bench.errors import BenchError
from bench.evaluation.classifier import Classifier
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.spec.architectures import ARCHITECTURES
from bench.spec.pruning_schedule import Steps

# Trainable parameters at ten classes: closed forms of the papers' tables. Those of the first dense layer depend on the size.
PARAMETERS = {
    ("alexnet", 64): 24_767_882,
    ("alexnet-bn", 64): 24_769_258,
    ("fc5", 64): 17_992_096,
    ("resnet18", 64): 11_181_642,
    ("resnet18", 224): 11_181_642,
}


def images(size: int, count: int = 2) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype(np.float32)


@pytest.mark.parametrize(("arch", "size"), PARAMETERS)
def test_the_number_of_parameters(arch: str, size: int) -> None:
    model = ARCHITECTURES[arch].function()((size, size, 3), 10)
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == PARAMETERS[arch, size]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_an_architecture_is_functional_takes_pixels_and_returns_logits(arch: str) -> None:
    model = ARCHITECTURES[arch].function()((32, 32, 3), 7)
    assert isinstance(model, keras.Model)
    assert model.input_shape == (None, 32, 32, 3)
    logits = model(images(32)).numpy()
    assert logits.shape == (2, 7)
    assert logits.dtype == np.float32
    assert not np.allclose(logits.sum(axis=1), 1)
    Classifier(model)  # refuses probabilities
    levels = [layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling)]
    assert len(levels) == 1


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_convolution_and_dense_layer_comes_from_the_factories(arch: str) -> None:
    made: list[str] = []

    def spy(layer: Any) -> Any:
        return lambda *args, **kwargs: made.append(kwargs["name"]) or layer(*args, **kwargs)

    build = ARCHITECTURES[arch].function()
    model = build((32, 32, 3), 10, conv=spy(keras.layers.Conv2D), dense=spy(keras.layers.Dense))
    kernels = [layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]
    assert sorted(made) == sorted(kernels)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_an_architecture_survives_wrap_and_strip_with_its_function_unchanged(arch: str) -> None:
    keras.utils.set_random_seed(1)
    model = ARCHITECTURES[arch].function()((32, 32, 3), 10)
    before = model(images(32)).numpy()
    method = MagnitudePruning(0.5, Steps(1, 1, 1))
    stripped = method.finish(method.prepare(model))
    assert [layer.name for layer in stripped.layers] == [layer.name for layer in model.layers]
    np.testing.assert_array_equal(stripped(images(32)).numpy(), before)


@pytest.mark.parametrize(
    ("arch", "size", "channels"), [("alexnet", 224, 9216), ("alexnet", 64, 1024), ("alexnet", 32, 256)]
)
def test_what_the_first_dense_layer_of_alexnet_sees(arch: str, size: int, channels: int) -> None:
    model = ARCHITECTURES[arch].function()((size, size, 3), 10)
    assert model.get_layer("fc6").kernel.shape == (channels, 4096)


def test_a_network_that_returns_probabilities_is_refused() -> None:
    pixels = keras.Input((4, 4, 3))
    dense = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(pixels))
    with pytest.raises(BenchError, match="received one with softmax"):
        Classifier(keras.Model(pixels, dense))


class TestDropout:
    def layer(self, rate: float = 0.3, seed: int = 5) -> StatelessDropout:
        keras.utils.set_random_seed(seed)
        layer = StatelessDropout(rate)
        layer.build((None, 1000))
        return layer

    def test_it_keeps_the_mean_and_zeroes_its_fraction(self) -> None:
        out = self.layer()(tf.ones((200, 1000)), training=True).numpy()
        assert out.mean() == pytest.approx(1, abs=0.01)
        assert (out == 0).mean() == pytest.approx(0.3, abs=0.01)
        assert set(np.unique(out)) == {np.float32(0), np.float32(1 / 0.7)}

    def test_it_is_the_identity_in_inference(self) -> None:
        np.testing.assert_array_equal(self.layer()(tf.ones((2, 1000)), training=False).numpy(), 1)

    def test_a_restored_layer_draws_what_the_old_one_would_have_drawn(self) -> None:
        ones, first = tf.ones((3, 1000)), self.layer()
        step = tf.function(lambda layer: layer(ones, training=True))
        step(first)
        state = [weight.copy() for weight in first.get_weights()]
        expected = [step(first).numpy() for _ in range(2)]
        assert (expected[0] != expected[1]).any()
        second = self.layer(seed=6)
        second.set_weights(state)
        for mask in expected:
            np.testing.assert_array_equal(step(second).numpy(), mask)

    def test_two_layers_of_one_network_draw_differently(self) -> None:
        keras.utils.set_random_seed(0)
        model = ARCHITECTURES["alexnet"].function()((32, 32, 3), 10)
        seeds = [layer.get_weights()[0][0] for layer in model.layers if isinstance(layer, StatelessDropout)]
        assert len(set(seeds)) == len(seeds) == 2
