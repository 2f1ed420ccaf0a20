"""From a run to its network: as it is trained, and as it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tf_keras as keras

from architectures import ARCHITECTURES
from bench.errors import BenchError, IntegrityError
from bench.methods.base import Method
from bench.records.files import Arrays
from bench.spec.run import Run

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def build(run: Run, classes: int, precision: str, methods: Iterable[Method] = ()) -> Any:
    """Build the plain network of ``run`` with the layers of its ``methods``.

    Its float32 variables are drawn from the run's seed; it computes in ``precision``.
    """
    conv: Callable[..., Any] = keras.layers.Conv2D
    dense: Callable[..., Any] = keras.layers.Dense
    for method in methods:
        conv, dense = method.conv(conv), method.dense(dense)
    keras.mixed_precision.set_global_policy(POLICIES[precision])
    keras.utils.set_random_seed(run.derived_seed("init"))
    try:
        return ARCHITECTURES[run.arch].function()((run.image_size, run.image_size, 3), classes, conv=conv, dense=dense)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def finished(model: Any, methods: Iterable[Method]) -> Any:
    """Return the plain network that the methods leave; BenchError where one leaves something else."""
    for method in methods:
        model = method.finish(model)
    unknown = [layer.name for layer in model.layers if isinstance(layer, keras.layers.Wrapper)]
    if unknown:
        raise BenchError(f"a method left wrapped layers behind: {', '.join(unknown)}")
    return model


def weights_of(model: Any) -> Arrays:
    """Return the weights of a plain network by name, in order."""
    return {
        f"{index:03d} {variable.name}".replace("/", "|"): variable.numpy()
        for index, variable in enumerate(model.weights)
    }


def restore(run: Run, classes: int, weights: Arrays, methods: Iterable[Method] = ()) -> Any:
    """Rebuild the plain network of ``run`` in float32 and give it ``weights``; IntegrityError where they do not fit."""
    model = build(run, classes, "float32", methods)
    expected = [tuple(variable.shape) for variable in model.weights]
    if expected != [array.shape for array in weights.values()]:
        raise IntegrityError(
            f"the weights do not fit {run.arch}: they were made by other code; start over with --restart"
        )
    model.set_weights(list(weights.values()))
    return model
