"""A network as post-training quantisation to 8 bits deploys it, with a gradient that an attack can follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras
from numpy.typing import NDArray

from bench.datasets.base import Images
from bench.methods.kernels import kernel_layers

LEVELS = 127  # of either sign
# A convolution or a sum is rounded once, after the layers that the runtime fuses with it.
FUSED = (keras.layers.BatchNormalization, keras.layers.ReLU)
COMPUTED = (
    keras.layers.Conv2D,
    keras.layers.Dense,
    keras.layers.Add,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling2D,
    *FUSED,
)


class Rounded(keras.layers.Wrapper):  # type: ignore[misc]  # tf_keras has no types
    """A layer whose output is rounded to 256 levels from ``low`` to ``high``. Its gradient is that of the identity inside."""

    def __init__(self, layer: Any, low: float, high: float, **options: Any) -> None:
        super().__init__(layer, name=f"{layer.name}_rounded", **options)
        self.low, self.high = low, high

    def call(self, inputs: Any, **options: Any) -> Any:
        """Return the rounded output."""
        return tf.quantization.fake_quant_with_min_max_args(self.layer(inputs, **options), self.low, self.high)


def int8(model: Any, images: Images) -> Any:
    """Return ``model``, a plain network of its own, with weights, activations and pixels in 8 bits.

        w' = s round(w / s),  s = max |w| / 127 over each output channel of a kernel

    The input is rounded to whole pixel levels. The output of a layer is rounded to 256 levels between the smallest and the
    largest value that ``images`` give it, zero included. Batch norm scales whole output channels, so that rounding before
    it is rounding after it is folded in. The gradient passes each rounding as if it were the identity, inside its range.
    The kernels of ``model`` are changed.

    Source: Jacob et al. 2018, arXiv:1712.05877, for the scheme; Athalye et al. 2018, arXiv:1802.00420, section 4.1, for the
    straight-through gradient of an attack. Departure: biases stay in float32, where the runtime has 32 bits.
    """
    for layer in kernel_layers(model):
        layer.kernel.assign(rounded_kernel(layer.kernel.numpy()))
    rounded = {layer.name: layer for layer in model.layers if isinstance(layer, COMPUTED) and not _is_fused(layer)}
    outputs = keras.Model(model.input, [layer.output for layer in rounded.values()]).predict(images, verbose=0)
    ranges = {
        name: _range(values) for name, values in zip(rounded, outputs if len(rounded) > 1 else [outputs], strict=True)
    }
    inner = keras.models.clone_model(
        model, clone_function=lambda layer: Rounded(layer, *ranges[layer.name]) if layer.name in rounded else layer
    )
    pixels = keras.Input(model.input_shape[1:])
    whole = Rounded(keras.layers.Activation("linear", name="pixels"), 0.0, 255.0)(pixels)
    return keras.Model(pixels, keras.layers.Activation("linear", name="logits")(inner(whole)))


def rounded_kernel(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``kernel`` rounded to 255 levels in each output channel, its last axis."""
    scale = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1))) / np.float32(LEVELS)
    scale = np.where(scale == 0, np.float32(1), scale)
    return np.asarray(np.round(kernel / scale) * scale, dtype=np.float32)


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    return low, high if high > low else 1.0  # a layer may be zero everywhere


def _is_fused(layer: Any) -> bool:
    """Tell whether all that takes the output of ``layer`` is computed together with it."""
    takers = [node.layer for node in layer.outbound_nodes]
    return bool(takers) and all(isinstance(each, FUSED) for each in takers)
