"""AlexNet of Krizhevsky et al. 2012: five convolutions, three dense layers, dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tf_keras as keras

from .dropout import StatelessDropout
from .pixels import standardise

# Name, channels, kernel size, max-pooled afterwards: the paper's section 3.5.
CONVOLUTIONS = (
    ("conv1", 96, 11, True),
    ("conv2", 256, 5, True),
    ("conv3", 384, 3, False),
    ("conv4", 384, 3, False),
    ("conv5", 256, 3, True),
)
UNPADDED_SIZE = 128


def alexnet(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    conv: Callable[..., Any] = keras.layers.Conv2D,
    dense: Callable[..., Any] = keras.layers.Dense,
    batch_norm: bool = False,
) -> keras.Model:
    """Build AlexNet.

    ``input_shape``: (height, width, 3) from 32 pixels a side, pixel levels [0, 255]. ``conv`` and ``dense`` make each
    convolution and each dense layer. ``batch_norm`` puts batch norm after each convolution, which the paper does not
    have. Returns float32 logits of shape (n, ``num_classes``).
    Below 128 pixels the poolings are padded ("same"), as the last would leave one pixel or none without padding. The first
    dense layer then receives 2x2x256 values at 64 pixels and 1x1x256 at 32; in the paper 6x6x256 at 224.
    Departures from the paper at any size: one column in place of two half-connected ones; no local response
    normalisation; "same" padding of the first convolution; He-normal initialisation, of all layers but the last, in
    place of N(0, 0.01); biases start at zero, not one.
    Source: Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks", section 3.5.
    """
    pixels = keras.Input(input_shape, name="pixels")
    pool_padding = "valid" if min(input_shape[:2]) >= UNPADDED_SIZE else "same"
    x = standardise(pixels)
    for name, channels, size, pooled in CONVOLUTIONS:
        stride = 4 if name == "conv1" else 1
        x = conv(
            channels,
            size,
            strides=stride,
            padding="same",
            use_bias=not batch_norm,
            kernel_initializer="he_normal",
            name=name,
        )(x)
        if batch_norm:
            x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
        x = keras.layers.ReLU(name=f"{name}_relu")(x)
        if pooled:
            x = keras.layers.MaxPooling2D(3, strides=2, padding=pool_padding, name=f"{name}_pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = dense(4096, kernel_initializer="he_normal", name=name)(x)
        x = keras.layers.ReLU(name=f"{name}_relu")(x)
        x = StatelessDropout(0.5, name=f"{name}_dropout")(x)
    x = dense(num_classes, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01), name="fc8")(x)
    logits = keras.layers.Activation("linear", dtype="float32", name="logits")(x)
    return keras.Model(pixels, logits, name="alexnet_bn" if batch_norm else "alexnet")


def alexnet_batch_norm(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    conv: Callable[..., Any] = keras.layers.Conv2D,
    dense: Callable[..., Any] = keras.layers.Dense,
) -> keras.Model:
    """Build AlexNet with batch norm after each convolution; otherwise as ``alexnet``."""
    return alexnet(input_shape, num_classes, conv=conv, dense=dense, batch_norm=True)
