"""Architectures that train, and whose singular values are found, in no time."""

from __future__ import annotations

from typing import Any

import tf_keras as keras


def two_convolutions(input_shape: tuple[int, int, int], num_classes: int, *, conv: Any, dense: Any) -> Any:
    """Two convolutions and a dense layer."""
    inputs = hidden = keras.Input(input_shape)
    for number in (1, 2):
        hidden = keras.layers.ReLU()(conv(8, 3, name=f"conv{number}")(hidden))
    hidden = keras.layers.GlobalAveragePooling2D()(hidden)
    return keras.Model(inputs, dense(num_classes, name="logits")(hidden))


def perceptron(input_shape: tuple[int, int, int], num_classes: int, *, conv: Any, dense: Any) -> Any:
    """One hidden layer."""
    del conv
    inputs = keras.Input(input_shape)
    hidden = keras.layers.Flatten()(keras.layers.Rescaling(1 / 64, offset=-2)(inputs))
    hidden = keras.layers.ReLU()(dense(32, name="hidden")(hidden))
    return keras.Model(inputs, dense(num_classes, name="logits")(hidden))
