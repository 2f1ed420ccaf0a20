"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, with ReLU6.

Source: Tan & Le 2019, arXiv:1905.11946, table 1, and the published description of the Lite variants.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tf_keras as keras
from numpy.typing import NDArray

from bench.errors import IntegrityError
from bench.imagenet.torch_file import arrays_of

# Stages of inverted bottlenecks: blocks, kernel side, stride of the first block, expansion, channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280
EPSILON = 1e-3


def efficientnet_lite0(input_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Build EfficientNet-Lite0: 4,652,008 trainable parameters at 1,000 classes.

    ``input_shape``: (height, width, 3), 224 px a side as it was trained, pixel levels [0, 255], which its first layer maps
    by (x - 127) / 128. Returns float32 logits of shape (n, ``num_classes``).
    Each block expands by a 1x1 convolution, filters each channel, and projects without an activation; where shape allows,
    its input is added. Dropout is left out: it has no effect on a network that is not trained further.
    """
    pixels = keras.Input(input_shape, name="pixels")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(pixels)
    x = _unit(_conv(STEM, 3, 2, "stem")(x), "stem")
    block = 0
    for blocks, size, stride, expansion, channels in STAGES:
        for place in range(blocks):
            x = _block(x, f"block{block}", size, 1 if place else stride, expansion, channels)
            block += 1
    x = _unit(_conv(HEAD, 1, 1, "head")(x), "head")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(pixels, keras.layers.Dense(num_classes, name="logits")(x), name="efficientnet-lite0")


def _conv(channels: int, size: int, stride: int, name: str) -> Any:
    return keras.layers.Conv2D(channels, size, stride, padding="same", use_bias=False, name=name)


def _unit(x: Any, name: str, activated: bool = True) -> Any:
    x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return keras.layers.ReLU(6, name=f"{name}_relu6")(x) if activated else x


def _block(x: Any, name: str, size: int, stride: int, expansion: int, channels: int) -> Any:
    before, y = x.shape[-1], x
    if expansion > 1:
        y = _unit(_conv(expansion * before, 1, 1, f"{name}_expand")(y), f"{name}_expand")
    depthwise = keras.layers.DepthwiseConv2D(size, stride, padding="same", use_bias=False, name=f"{name}_depthwise")
    y = _unit(depthwise(y), f"{name}_depthwise")
    y = _unit(_conv(channels, 1, 1, f"{name}_project")(y), f"{name}_project", activated=False)
    if stride == 1 and before == channels:
        y = keras.layers.Add(name=f"{name}_add")([x, y])
    return y


def set_published(model: keras.Model, path: Path) -> None:
    """Give the network the weights of the published PyTorch file, by the names that they have there.

    Raises:
        IntegrityError: the file holds something else than arrays, or an array is missing, left over or of another shape.
    """
    with path.open("rb") as file:
        arrays = arrays_of(file)
    left = {name for name in arrays if not name.endswith(".num_batches_tracked")}
    for layer, names in _published(model):
        if missing := [name for name in names if name not in left]:
            raise IntegrityError(f"the weights have no {missing[0]}: expected it for the layer {layer.name}")
        values = [_in_order_of_keras(layer, arrays[name]) for name in names]
        for name, value, weight in zip(names, values, layer.weights, strict=True):
            if value.shape != tuple(weight.shape):
                raise IntegrityError(
                    f"{name} has the shape {value.shape}: expected {tuple(weight.shape)} for {weight.name}"
                )
        layer.set_weights(values)
        left -= set(names)
    if left:
        raise IntegrityError(f"the weights have {sorted(left)[0]}, which the network has not: expected no more")


def _published(model: keras.Model) -> Iterator[tuple[Any, list[str]]]:
    """Yield each layer with weights, and the names of its arrays in the file."""
    outside = {"stem": "_conv_stem", "stem_bn": "_bn0", "head": "_conv_head", "head_bn": "_bn1", "logits": "_fc"}
    inside = {
        "expand": "_expand_conv",
        "expand_bn": "_bn0",
        "depthwise": "_depthwise_conv",
        "depthwise_bn": "_bn1",
        "project": "_project_conv",
        "project_bn": "_bn2",
    }
    for layer in model.layers:
        if not layer.weights:
            continue
        block, _, part = layer.name.partition("_")
        head = outside.get(layer.name) or f"_blocks.{block.removeprefix('block')}.{inside[part]}"
        ends = ["weight"]
        if isinstance(layer, keras.layers.BatchNormalization):
            ends = ["weight", "bias", "running_mean", "running_var"]
        elif isinstance(layer, keras.layers.Dense):
            ends = ["weight", "bias"]
        yield layer, [f"{head}.{end}" for end in ends]


def _in_order_of_keras(layer: Any, array: NDArray[Any]) -> NDArray[Any]:
    """Return an array with its axes as Keras has them. PyTorch has (out, in, height, width) and (out, in)."""
    if array.ndim == 4:
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        return np.transpose(array, (2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
    return array.T if array.ndim == 2 else array
