"""ResNet18 of He et al. 2015 (arXiv:1512.03385), table 1, column "18-layer"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tf_keras as keras

from .pixels import standardise

# The four stages of the table: name, channels, stride of the first block. Each has two blocks.
STAGES = (("conv2", 64, 1), ("conv3", 128, 2), ("conv4", 256, 2), ("conv5", 512, 2))


def resnet18(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    conv: Callable[..., Any] = keras.layers.Conv2D,
    dense: Callable[..., Any] = keras.layers.Dense,
) -> keras.Model:
    """Build the 18-layer residual network: 11,181,642 trainable parameters at ten classes.

    ``input_shape``: (height, width, 3) from 32 pixels a side, pixel levels [0, 255]. ``conv`` and ``dense`` make each
    convolution and the dense layer. Returns float32 logits of shape (n, ``num_classes``).
    The shortcut is the identity, or a strided 1x1 convolution where the shape changes (option B of the paper). Batch
    norm follows each convolution, which therefore has no bias. Convolutions are padded symmetrically as in the paper's
    own code.
    Source: He et al. 2015, arXiv:1512.03385, table 1 and figure 3.
    """
    pixels = keras.Input(input_shape, name="pixels")
    x = _unit(standardise(pixels), conv, 64, 7, 2, "conv1")
    x = keras.layers.ReLU(name="conv1_relu")(x)
    x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = keras.layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, channels, stride in STAGES:
        x = _block(x, conv, channels, stride, f"{stage}_1")
        x = _block(x, conv, channels, 1, f"{stage}_2")
    x = keras.layers.GlobalAveragePooling2D(name="pool5")(x)
    x = dense(num_classes, name="fc")(x)
    logits = keras.layers.Activation("linear", dtype="float32", name="logits")(x)
    return keras.Model(pixels, logits, name="resnet18")


def _block(x: Any, conv: Callable[..., Any], channels: int, stride: int, name: str) -> Any:
    shortcut = x
    if stride != 1 or x.shape[-1] != channels:
        shortcut = _unit(x, conv, channels, 1, stride, f"{name}_shortcut")
    y = _unit(x, conv, channels, 3, stride, f"{name}_a")
    y = keras.layers.ReLU(name=f"{name}_a_relu")(y)
    y = _unit(y, conv, channels, 3, 1, f"{name}_b")
    return keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_add")([shortcut, y]))


def _unit(x: Any, conv: Callable[..., Any], channels: int, size: int, stride: int, name: str) -> Any:
    padding = "same" if stride == 1 else "valid"
    if stride > 1 and size > 1:
        x = keras.layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
    x = conv(
        channels,
        size,
        strides=stride,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
