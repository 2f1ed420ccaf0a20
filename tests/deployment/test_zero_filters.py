"""A network without its zero filters says what it said with them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from bench.deployment.formats import format_named
from bench.deployment.zero_filters import Smaller, without_zero_filters
from bench.evaluation.classifier import Classifier
from bench.evaluation.metrics import multiply_accumulates
from bench.methods.kernels import KERNELS

IMAGES = np.random.default_rng(1).integers(0, 256, (3, 12, 12, 3)).astype(np.float32)


def network() -> Any:
    """A stem, a residual block, a convolution that is flattened, and dense layers: all that a constant passes through."""
    keras.utils.set_random_seed(0)

    def unit(x: Any, name: str, padding: str = "same", strides: int = 1) -> Any:
        x = keras.layers.Conv2D(8, 3, strides=strides, padding=padding, use_bias=False, name=name)(x)
        return keras.layers.BatchNormalization(name=f"{name}_bn")(x)

    pixels = keras.Input((12, 12, 3))
    stem = keras.layers.ReLU()(unit(pixels, "stem"))
    inner = keras.layers.ReLU()(unit(stem, "inner"))
    x = keras.layers.Add()([stem, unit(inner, "outer")])
    x = keras.layers.MaxPooling2D(2, padding="same")(keras.layers.ReLU()(unit(x, "after")))
    x = keras.layers.ZeroPadding2D(1)(x)
    x = keras.layers.Conv2D(6, 3, strides=2, name="flat")(x)
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(keras.layers.ReLU()(x)))
    x = keras.layers.ReLU()(keras.layers.Dense(10, name="hidden")(x))
    x = keras.layers.Dense(4, name="head")(x)
    model = keras.Model(pixels, keras.layers.Activation("linear")(x))
    draw = np.random.default_rng(2)
    for weight in model.weights:
        if weight.shape.rank == 1:  # biases and batch norm: a zero filter then sends a constant other than 0
            weight.assign(weight.numpy() + draw.uniform(0.1, 1, weight.shape))
    return model


def zero(model: Any, **filters: list[int]) -> None:
    for name, places in filters.items():
        kernel = model.get_layer(name).kernel.numpy()
        kernel[..., places] = 0
        model.get_layer(name).kernel.assign(kernel)


def test_the_logits_stay_and_the_filters_go_wherever_no_sum_needs_them() -> None:
    model = network()
    zero(model, stem=[1], inner=[0, 2, 5], outer=[3], after=[1, 7], flat=[4], hidden=[0, 9], head=[2])
    before = Classifier(model).logits(IMAGES)
    smaller = without_zero_filters(model)
    np.testing.assert_allclose(Classifier(smaller).logits(IMAGES), before, rtol=1e-4, atol=1e-4)
    kernels = {each.name: getattr(each, "layer", each) for each in smaller.layers}
    shapes = {name: tuple(each.kernel.shape) for name, each in kernels.items() if isinstance(each, KERNELS)}
    assert shapes == {
        "stem": (3, 3, 3, 8),
        "inner": (3, 3, 8, 5),
        "outer": (3, 3, 5, 8),
        "after": (3, 3, 8, 6),
        "flat": (3, 3, 6, 5),
        "hidden": (3 * 3 * 5, 8),
        "head": (8, 4),
    }
    places = {"stem": 144, "inner": 144, "outer": 144, "after": 144, "flat": 9, "hidden": 1, "head": 1}
    assert multiply_accumulates(smaller) == sum(places[name] * np.prod(shape) for name, shape in shapes.items())


def test_a_network_without_zero_filters_is_left_as_it_is() -> None:
    model = network()
    assert without_zero_filters(model) is model


def test_a_layer_that_is_zero_throughout_is_left_as_it_is() -> None:
    model = network()
    zero(model, inner=list(range(8)))
    assert without_zero_filters(model) is model


def test_an_activation_inside_a_layer_is_no_obstacle_to_the_others() -> None:
    pixels = keras.Input((12, 12, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="own")(pixels)
    x = keras.layers.Conv2D(5, 3, name="plain")(x)
    model = keras.Model(pixels, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    zero(model, own=[1], plain=[0])
    smaller = without_zero_filters(model)
    assert [type(each) for each in smaller.layers[1:3]] == [keras.layers.Conv2D, Smaller]
    np.testing.assert_allclose(
        Classifier(smaller).logits(IMAGES), Classifier(model).logits(IMAGES), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("name", ["tflite", "onnx"])
def test_a_smaller_network_can_be_deployed(name: str, tmp_path: Path) -> None:
    row = format_named(name)
    if any(find_spec(each) is None for each in row.libraries):
        pytest.skip(f"{name} needs {row.libraries}")
    model = network()
    zero(model, inner=[0, 2, 5], flat=[4], hidden=[0, 9])
    row.write(without_zero_filters(model), tmp_path / "smaller")
    np.testing.assert_allclose(
        row.load(tmp_path / "smaller", 1)(IMAGES), Classifier(model).logits(IMAGES), rtol=1e-3, atol=1e-3
    )
