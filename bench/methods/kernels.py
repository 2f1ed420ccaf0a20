"""The kernels that are pruned, decayed and measured."""

from __future__ import annotations

from typing import Any

import tf_keras as keras

KERNELS = (keras.layers.Conv2D, keras.layers.Dense)


def kernel_layers(model: Any) -> list[Any]:
    """Return the layers of ``model`` with a kernel, in the order of the network. Wrappers are taken off."""
    return [_plain(layer) for layer in _outer_layers(model)]


def kept_kernels(model: Any) -> list[Any]:
    """Return the kernels of ``model`` as the training would leave them, were it to end now."""
    return [layer.kept() if hasattr(layer, "kept") else _plain(layer).kernel for layer in _outer_layers(model)]


def _outer_layers(model: Any) -> list[Any]:
    """Return the layers with a kernel, in their wrappers."""
    return [layer for layer in model.layers if isinstance(_plain(layer), KERNELS)]


def _plain(layer: Any) -> Any:
    return getattr(layer, "layer", layer)
