"""FC5: five dense layers and no convolution, the internship report's control for weight sharing (its section 4.1.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tf_keras as keras

from .pixels import standardise

WIDTHS = (1344, 672, 588, 294)


def fc5(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    conv: Callable[..., Any] = keras.layers.Conv2D,
    dense: Callable[..., Any] = keras.layers.Dense,
) -> keras.Model:
    """Build the perceptron 1344-672-588-294-``num_classes`` with ReLU between the layers.

    ``input_shape``: (height, width, 3), pixel levels [0, 255]. ``dense`` makes each dense layer; ``conv`` belongs to
    the common signature and is not used. Returns float32 logits of shape (n, ``num_classes``). Departure:
    the report names no initialisation, so He normal is used.
    """
    del conv
    pixels = keras.Input(input_shape, name="pixels")
    x = keras.layers.Flatten(name="flatten")(standardise(pixels))
    for index, width in enumerate(WIDTHS, start=1):
        x = dense(width, kernel_initializer="he_normal", name=f"fc{index}")(x)
        x = keras.layers.ReLU(name=f"relu{index}")(x)
    x = dense(num_classes, name="fc5")(x)
    logits = keras.layers.Activation("linear", dtype="float32", name="logits")(x)
    return keras.Model(pixels, logits, name="fc5")
