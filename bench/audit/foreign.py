"""Loads a network that was not trained by this suite: a function of the user's file builds it, a file has its weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tf_keras as keras

from bench.audit import stored_weights
from bench.audit.plausibility import check_answers
from bench.datasets.base import Dataset
from bench.datasets.messages import Report
from bench.errors import BadInput
from bench.spec.architectures import ArchitectureName, function_of

SIGNATURE = "() or (input_shape, num_classes) or (input_shape, num_classes, *, conv, dense)"


def load(place: str, weights: Path, data: Dataset, report: Report) -> Any:
    """Build the network of ``place``, give it the ``weights`` and check that its answers on ``data.val`` are usable.

    Args:
        place: ``FILE.py:FUNCTION``, or the name of an architecture of this suite. The function takes no argument,
            ``(input_shape, num_classes)``, or ``conv`` and ``dense`` too, and returns a functional or sequential model of
            tf_keras, from float32 pixel levels [0, 255], (n, size, size, 3), to logits, (n, classes). The file is imported,
            so it must be trusted.
        weights: an .npz, .h5, .weights.h5 or .keras file, or a SavedModel folder. It need not be trusted: only arrays of
            numbers are read.
        data: the images, from ``bench.datasets.folder.images_of``. Output i is the class ``data.classes[i]``.
        report: takes warnings, one line each.

    Returns: the tf_keras model, in float32.
    Raises:
        BadInput: the function fails or returns something else, the weights do not fit, or the answers are not finite, are
            probabilities, or are those of a network that did not learn these classes.
    """
    size = data.val.images.shape[1]
    model = _build(place, (size, size, 3), len(data.classes))
    stored_weights.restore(model, weights)
    check_answers(model, place, data, report)
    return model


def _build(place: str, input_shape: tuple[int, int, int], classes: int) -> Any:
    ArchitectureName().check("the network", place)
    function = function_of(place, SIGNATURE)
    positional, named = _arguments(place, function, input_shape, classes)
    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(0)  # a function that draws what is not in the weights makes the same network each time
    try:
        model = function(*positional, **named)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    _check_kind(place, model, input_shape)
    _check_ends(place, model, input_shape, classes)
    _check_precision(place, model)
    _check_last_layer(place, model)
    return model


def _arguments(
    place: str, function: Callable[..., Any], input_shape: tuple[int, int, int], classes: int
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of ``function`` by position and by name."""
    layers = {"conv": keras.layers.Conv2D, "dense": keras.layers.Dense}
    known = {"input_shape": input_shape, "num_classes": classes, **layers}
    parameters = inspect.signature(function).parameters
    required = [
        name
        for name, each in parameters.items()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if all(name in known for name in required):
        return [], {name: known[name] for name in parameters if name in known}
    if len([name for name in required if name not in layers]) == 2:
        return [input_shape, classes], {name: layers[name] for name in parameters if name in layers}
    raise BadInput(f"{place} takes ({', '.join(parameters)}): expected a function {SIGNATURE}")


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
            f"of the {classes} class folders; change the last layer, or give the images of its classes by --data-dir"
        )


def _check_precision(place: str, model: Any) -> None:
    for layer in model.submodules:
        if isinstance(layer, keras.layers.Layer) and layer.compute_dtype in ("float16", "bfloat16", "float64"):
            raise BadInput(
                f"the layer {layer.name!r} of {place} computes in {layer.compute_dtype}: expected float32, because rounding "
                "masks gradients; build it without a dtype or a policy of mixed precision"
            )


def _check_last_layer(place: str, model: Any) -> None:
    layer = model.outputs[0].node.layer
    while isinstance(layer, keras.Model):
        layer = layer.outputs[0].node.layer
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
