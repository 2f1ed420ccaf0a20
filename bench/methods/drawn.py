"""Layers that draw at random in training, from keys that a checkpoint keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tf_keras as keras

from bench.errors import BadInput
from bench.methods.kernels import KERNELS, kernel_layers
from bench.spec.hashed import hashed


class Drawn(keras.layers.Wrapper):  # type: ignore[misc]  # tf_keras has no types
    """A layer with a kernel that is changed at random in training. A subclass says how, in ``call`` and ``kept``.

    The draws depend on ``seed``, the layer's name and the number of training calls, which a checkpoint keeps.
    """

    def __init__(self, layer: Any, seed: int, name: str, **options: Any) -> None:
        super().__init__(layer, name=f"{layer.name}_{name}", **options)
        self._seed = seed

    def build(self, input_shape: Any) -> None:
        """Make the count of calls."""
        super().build(input_shape)
        self.calls = self.add_weight(name="calls", shape=(), dtype=tf.int32, initializer="zeros", trainable=False)

    def kept(self) -> Any:
        """Return the kernel with the weights that are left, were the training to end now."""
        raise NotImplementedError

    def key(self) -> Any:
        """Count a training call, and return the key of its stateless draw."""
        self.calls.assign_add(1)
        return tf.stack([tf.constant(self._seed ^ hashed(self.layer.name, 31), tf.int32), self.calls])

    def linear(self, inputs: Any, kernel: Any) -> Any:
        """Return what the layer makes of ``inputs`` with another kernel, without its bias."""
        if isinstance(self.layer, keras.layers.Dense):
            return tf.matmul(inputs, kernel)
        return self.layer.convolution_op(inputs, kernel)


def wrapped(model: Any, setting: str, wrap: Callable[[Any], Drawn]) -> Any:
    """Wrap every layer with a kernel; BadInput where one has an activation, which would come before the draw.

    Args:
        setting: the name of the setting that asks for it.
    """
    for layer in kernel_layers(model):
        if layer.activation is not keras.activations.linear:
            raise BadInput(
                f"{setting}: the layer {layer.name} has an activation of its own: expected it in a layer after it"
            )
    return keras.models.clone_model(
        model, clone_function=lambda layer: wrap(layer) if isinstance(layer, KERNELS) else layer
    )


def drawn_layers(model: Any) -> list[Any]:
    """Return the wrapped layers of ``model``, in the order of the network."""
    return [layer for layer in model.layers if isinstance(layer, Drawn)]


def unwrapped(model: Any) -> Any:
    """Return ``model`` with the layers themselves."""
    return keras.models.clone_model(
        model, clone_function=lambda layer: layer.layer if isinstance(layer, Drawn) else layer
    )
