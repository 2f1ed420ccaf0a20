"""The network of a run, as it is trained and as it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tf_keras as keras

from bench.errors import BadInput, BenchError, IntegrityError
from bench.methods.base import Method
from bench.methods.kernels import kernel_layers
from bench.records.files import Arrays
from bench.spec.architectures import function_of
from bench.spec.run import Run
from bench.training.usable import check_usable

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def build(run: Run, classes: int, precision: str, methods: Iterable[Method] = ()) -> Any:
    """Build the plain network of ``run`` with the layers of its ``methods``.

    Its float32 variables are drawn from the run's seed. It computes in ``precision``.

    Raises:
        BadInput: the architecture returns no model that ``check_usable`` accepts, one without a kernel, or one with weights
            that no method would see.
    """
    architecture, shape = function_of(run.arch), (run.image_size, run.image_size, 3)
    conv: Callable[..., Any] = keras.layers.Conv2D
    dense: Callable[..., Any] = keras.layers.Dense
    for method in methods:
        conv, dense = method.conv(conv), method.dense(dense)
    keras.mixed_precision.set_global_policy(POLICIES[precision])
    keras.utils.set_random_seed(run.derived_seed("init"))
    try:
        model = architecture(shape, classes, conv=conv, dense=dense)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    check_usable(run.arch, model, shape, classes, precision)
    _check_kernels(run.arch, model)
    return model


def _check_kernels(arch: str, model: Any) -> None:
    """Raise BadInput where there is no kernel, or pruning, weight decay and the counts of zeros would pass over a matrix."""
    kernels = {layer.kernel.ref() for layer in kernel_layers(model)}
    for layer in model.layers:
        if any(len(each.shape) > 1 and each.ref() not in kernels for each in layer.trainable_weights):
            raise BadInput(
                f"architecture {arch} has weights in {layer.name}, a layer of type {type(layer).__name__}, that no method "
                "would see: expected all matrices of weights in layers of conv and dense, and no network inside the network"
            )
    if not kernels:
        raise BadInput(
            f"architecture {arch} has no kernel to train: expected layers that its arguments conv or dense make"
        )


def finished(model: Any, methods: Iterable[Method]) -> Any:
    """Return the plain network that ``methods`` leave; BenchError where a wrapped layer is left."""
    for method in methods:
        model = method.finish(model)
    if wrapped := [layer.name for layer in model.layers if isinstance(layer, keras.layers.Wrapper)]:
        raise BenchError(f"a method left wrapped layers: {', '.join(wrapped)}; expected its finish to unwrap them")
    return model


def weights_of(model: Any) -> Arrays:
    """Return the weights of a plain network by name, in order."""
    variables = enumerate(model.weights)
    return {f"{index:03d} {each.name}".replace("/", "|"): each.numpy() for index, each in variables}


def restore(run: Run, classes: int, weights: Arrays, methods: Iterable[Method] = ()) -> Any:
    """Rebuild the plain network of ``run`` in float32 and give it ``weights``; IntegrityError where they do not fit."""
    model = build(run, classes, "float32", methods)
    expected = [tuple(variable.shape) for variable in model.weights]
    if expected != [array.shape for array in weights.values()]:
        raise IntegrityError(f"the weights do not fit {run.arch}: other code made them; start over with --restart")
    model.set_weights(list(weights.values()))
    return model
