"""The kernels that are pruned, decayed and measured."""

from __future__ import annotations

from typing import Any

import tf_keras as keras

KERNELS = (keras.layers.Conv2D, keras.layers.Dense)


def kept_kernels(model: Any) -> list[Any]:
    """Return the kernels of ``model`` as they were left, were the training to end now."""
    layers = [layer for layer in model.layers if isinstance(getattr(layer, "layer", layer), KERNELS)]
    return [layer.kept() if hasattr(layer, "kept") else getattr(layer, "layer", layer).kernel for layer in layers]


def kernel_layers(model: Any) -> list[Any]:
    """Return the layers of ``model`` with a kernel, in the order of the network. Pruning wrappers are taken off."""
    layers = [getattr(layer, "layer", layer) for layer in model.layers]
    return [layer for layer in layers if isinstance(layer, KERNELS)]
