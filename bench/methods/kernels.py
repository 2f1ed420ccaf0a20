"""The kernels that are pruned, decayed and measured."""

from __future__ import annotations

from typing import Any

import tf_keras as keras

KERNELS = (keras.layers.Conv2D, keras.layers.Dense)


def kernel_layers(model: Any) -> list[Any]:
    """Return the layers of ``model`` with a kernel, in the order of the network. Wrappers are taken off."""
    return [plain(layer) for layer in outer_layers(model)]


def kept_kernels(model: Any) -> list[Any]:
    """Return the kernels of ``model`` as the training would leave them, were it to end now."""
    return [layer.kept() if hasattr(layer, "kept") else plain(layer).kernel for layer in outer_layers(model)]


def outer_layers(model: Any) -> list[Any]:
    """Return the layers with a kernel, in their wrappers."""
    return [layer for layer in model.layers if isinstance(plain(layer), KERNELS)]


def plain(layer: Any) -> Any:
    """Return ``layer`` without its wrapper."""
    return getattr(layer, "layer", layer)
