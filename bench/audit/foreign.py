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
from bench.training.usable import check_usable

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
    check_usable(place, model, input_shape, classes)
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
