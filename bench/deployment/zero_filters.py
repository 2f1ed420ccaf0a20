"""Zero filters taken out of a network, which gives the same logits with fewer multiply-accumulates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tf_keras as keras
from numpy.typing import NDArray

from bench.methods.kernels import KERNELS

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
# Layers that treat each channel by itself, and dropouts, which do nothing in inference.
CHANNELWISE = {
    "BatchNormalization",
    "ReLU",
    "MaxPooling2D",
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "ZeroPadding2D",
    "Flatten",
    "Dropout",
    "StatelessDropout",
}


@dataclass(frozen=True)
class Passed:
    """What a layer passes on, without the batch.

    Args:
        kept: over the last axis, which values are still computed.
        constant: float32, of the shape of the output; the values that are not computed, and 0 where one is.
    """

    kept: Mask
    constant: Floats


@dataclass(frozen=True)
class Cut:
    """What becomes of a convolution or a dense layer.

    Args:
        entered, left: which of its inputs and of its outputs stay.
        offset: float32, what its bias and the inputs that go add to each output that stays.
    """

    entered: Mask
    left: Mask
    offset: Floats


class Smaller(keras.layers.Wrapper):  # type: ignore[misc]  # tf_keras has no types
    """A convolution or a dense layer without bias, and an offset that is added to its output."""

    def __init__(self, layer: Any, offset: Floats, **options: Any) -> None:
        super().__init__(layer, **options)
        self.offset = offset

    def call(self, inputs: Any) -> Any:
        """Return the output of the layer."""
        return self.layer(inputs) + self.offset


def without_zero_filters(model: Any) -> Any:
    """Return a network with the logits of ``model`` from which the filters and units that are zero are taken out.

    A zero filter sends a constant through batch norm, ReLU and pooling to the next kernels. What it adds there is computed
    once, for each output and, as padding makes the border differ, for each place.

    A filter stays where its output first meets another output, as in the sum of a residual block, or reaches the logits.
    ``model`` itself is returned where nothing can go.

    Args:
        model: a plain functional tf_keras network.
    """
    passed, cuts = _followed(model)
    if not cuts:
        return model

    def made(layer: Any) -> Any:
        if layer.name in cuts:
            cut, options = cuts[layer.name], layer.get_config()
            count = "units" if isinstance(layer, keras.layers.Dense) else "filters"
            options = {**options, count: int(cut.left.sum()), "use_bias": False, "name": f"{layer.name}_smaller"}
            return Smaller(type(layer).from_config(options), cut.offset, name=layer.name)
        return type(layer).from_config(layer.get_config()) if layer.name in passed else layer

    smaller = keras.models.clone_model(model, clone_function=made)
    for layer in model.layers:
        twin = smaller.get_layer(layer.name)
        if layer.name in cuts:
            cut = cuts[layer.name]
            twin.layer.kernel.assign(layer.kernel.numpy().compress(cut.entered, -2).compress(cut.left, -1))
        elif isinstance(layer, keras.layers.BatchNormalization) and layer.name in passed:
            twin.set_weights([weight.compress(passed[layer.name].kept, -1) for weight in layer.get_weights()])
    return smaller


def _followed(model: Any) -> tuple[dict[str, Passed], dict[str, Cut]]:
    """Follow the constants of zero filters: what each layer passes on that lost a channel, and what becomes of kernels."""
    passed: dict[str, Passed] = {}
    cuts: dict[str, Cut] = {}
    for layer in model.layers:
        before = passed.get(_source(layer) or "")
        if _is_linear(layer):
            left = _alive(layer) if _may_lose(layer) else np.ones(layer.kernel.shape[-1], bool)
            if before is None and left.all():
                continue
            came = before or Passed(np.ones(layer.kernel.shape[-2], bool), np.zeros(layer.input_shape[1:], np.float32))
            output = layer(came.constant[None])[0].numpy()
            cuts[layer.name] = Cut(came.kept, left, _compact(output[..., left]))
            if not left.all():
                passed[layer.name] = Passed(left, np.where(left, np.float32(0), output))
        elif before is not None:
            output = layer(before.constant[None], training=False)[0].numpy()
            flat = isinstance(layer, keras.layers.Flatten)
            kept = np.broadcast_to(before.kept, before.constant.shape).ravel() if flat else before.kept
            passed[layer.name] = Passed(kept, np.where(kept, np.float32(0), output))
    return passed, cuts


def _is_linear(layer: Any) -> bool:
    return (
        isinstance(layer, KERNELS) and layer.activation is keras.activations.linear and getattr(layer, "groups", 1) == 1
    )


def _alive(layer: Any) -> Mask:
    """Return which outputs have a weight that is not zero; all where none has one."""
    kernel = layer.kernel.numpy()
    found: Mask = kernel.any(axis=tuple(range(kernel.ndim - 1)))
    return found if found.any() else np.ones_like(found)


def _may_lose(layer: Any) -> bool:
    """Tell whether all that the outputs of ``layer`` reach through channelwise layers are linear layers."""
    takers = [node.layer for node in layer.outbound_nodes]
    return bool(takers) and all(
        _is_linear(each) or (type(each).__name__ in CHANNELWISE and _source(each) is not None and _may_lose(each))
        for each in takers
    )


def _source(layer: Any) -> str | None:
    """Return the name of the one layer whose one output ``layer`` takes, None where there are more or none."""
    nodes = layer.inbound_nodes
    if len(nodes) != 1 or nodes[0].is_input or len(nodes[0].parent_nodes) != 1:
        return None
    return str(nodes[0].parent_nodes[0].layer.name)


def _compact(offset: Floats) -> Floats:
    """Return ``offset`` without its places where it is the same at all of them."""
    at_one = offset.reshape(-1, offset.shape[-1])[0]
    return at_one if (offset == at_one).all() else offset
