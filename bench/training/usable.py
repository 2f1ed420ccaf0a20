"""Checks that the model which an architecture returns can be trained, attacked and judged: from pixel levels to logits."""

from __future__ import annotations

from typing import Any

import tf_keras as keras

from bench.errors import BadInput
from bench.methods.kernels import plain


def check_usable(
    place: str, model: Any, input_shape: tuple[int, int, int], classes: int, precision: str = "float32"
) -> None:
    """Check what an architecture returned. A sequential model that has no shape yet is built.

    Args:
        place: the architecture or the file with its function, for the error.
        input_shape: of the images, (height, width, channels).
        classes: the number of logits that are wanted.
        precision: the type that the network is to compute in.

    Raises:
        BadInput: it is no functional or sequential model of tf_keras, takes other images, returns no logits or another number
            of them, or computes in another type.
    """
    _check_kind(place, model, input_shape)
    _check_ends(place, model, input_shape, classes)
    _check_precision(place, model, precision)
    _check_last_layer(place, model)


def _check_kind(place: str, model: Any, input_shape: tuple[int, int, int]) -> None:
    expected = "expected a functional or sequential model of tf_keras (import tf_keras as keras)"
    if not isinstance(model, keras.Model):
        kind = type(model)
        third = any(base.__module__.partition(".")[0] == "keras" for base in kind.__mro__)
        raise BadInput(f"{place} returned {'a model of Keras 3, ' if third else ''}{kind}: {expected}")
    if isinstance(model, keras.Sequential) and not model.built:
        try:
            model.build((None, *input_shape))
        except (ValueError, TypeError) as error:
            raise BadInput(f"the model of {place} cannot take images of {input_shape}: {error}; change it") from error
    if model.outputs is None:
        raise BadInput(
            f"{place} returned {type(model)}, a model without a graph of layers: {expected}; make the layers in the "
            "function and return keras.Model(inputs, outputs)"
        )


def _check_ends(place: str, model: Any, input_shape: tuple[int, int, int], classes: int) -> None:
    wanted = (None, *input_shape)
    inputs = [tuple(each.shape) for each in model.inputs]
    if (
        len(inputs) != 1
        or len(inputs[0]) != 4
        or any(a not in (None, b) for a, b in zip(inputs[0], wanted, strict=True))
    ):
        raise BadInput(
            f"the model of {place} takes {', '.join(map(str, inputs))}: expected one input of {wanted}, the images as "
            "(n, height, width, channels); change keras.Input, or give another --image-size"
        )
    if model.inputs[0].dtype.name != "float32":
        raise BadInput(
            f"the model of {place} takes {model.inputs[0].dtype.name}: expected float32 pixel levels, because an attack "
            f"needs the gradient by the pixels; write keras.Input({input_shape})"
        )
    outputs = [tuple(each.shape) for each in model.outputs]
    if outputs != [(None, classes)]:
        raise BadInput(
            f"the model of {place} returns {', '.join(map(str, outputs))}: expected logits, {(None, classes)}, one for each "
            f"of the {classes} classes of the images; change the last layer, or give the images of its classes by --data-dir"
        )


def _check_precision(place: str, model: Any, precision: str) -> None:
    wrong = {"float16", "bfloat16", "float64"} - {precision}
    for layer in model.submodules:
        if isinstance(layer, keras.layers.Layer) and layer.compute_dtype in wrong:
            raise BadInput(
                f"the layer {layer.name!r} of {place} computes in {layer.compute_dtype}: expected {precision}, because "
                "coarser rounding masks gradients; build it without a dtype or a policy of mixed precision"
            )


def _check_last_layer(place: str, model: Any) -> None:
    layer = model.outputs[0].node.layer
    while isinstance(layer, keras.Model):
        layer = layer.outputs[0].node.layer
    layer = plain(layer)
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", type(activation).__name__)
    if isinstance(layer, keras.layers.Softmax):
        name = "softmax"
    elif activation is None or name == "linear":
        return
    if layer.weights:
        line = f"keras.layers.{type(layer).__name__}(..., activation=None, name={layer.name!r})"
    else:
        line = f"return keras.Model(model.input, model.get_layer({layer.name!r}).input)"
    raise BadInput(f"the last layer of {place}, {layer.name!r}, applies {name}: expected logits; write {line}")
