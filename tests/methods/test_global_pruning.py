"""Global pruning: one threshold for all kernels, reached at the end and named for what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from bench.errors import BenchError
from bench.evaluation.metrics import measure
from bench.methods.global_pruning import GlobalPruning
from bench.spec.pruning_schedule import Steps

SCHEDULE = Steps(1, 2, 2)


def network(scale: float) -> Any:
    keras.utils.set_random_seed(0)
    pixels = keras.Input((4, 4, 2))
    x = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, name="conv")(pixels))
    model = keras.Model(pixels, keras.layers.Dense(3, name="classes")(x))
    model.get_layer("conv").kernel.assign(model.get_layer("conv").kernel * scale)
    return model


def pruned(model: Any, sparsity: float) -> Any:
    method = GlobalPruning(sparsity, SCHEDULE)
    wrapped = method.prepare(model)
    wrapped.compile(keras.optimizers.SGD(0.0))
    (callback,) = method.callbacks()
    callback.set_model(wrapped)
    callback.on_train_begin()
    for step in range(SCHEDULE.end):
        callback.on_train_batch_begin(step)
        wrapped(np.ones((1, 4, 4, 2), np.float32), training=True)
    return method.finish(wrapped)


@pytest.mark.parametrize("scale", [1.0, 0.2, 0.001])
def test_the_smallest_weights_of_all_kernels_go(scale: float) -> None:
    before = [layer.kernel.numpy() for layer in network(scale).layers if hasattr(layer, "kernel")]
    found = [layer.kernel.numpy() for layer in pruned(network(scale), 0.5).layers if hasattr(layer, "kernel")]
    sizes = np.sort(np.abs(np.concatenate([kernel.ravel() for kernel in before])))
    smallest = sizes[len(sizes) - round(0.5 * len(sizes))]
    for one, other in zip(before, found, strict=True):
        np.testing.assert_array_equal(other, np.where(np.abs(one) >= smallest, one, 0))


def test_a_tie_is_broken_and_a_fraction_that_is_not_reached_is_refused() -> None:
    model = network(1.0)
    conv, classes = (model.get_layer(name).kernel for name in ("conv", "classes"))
    values = np.concatenate([conv.numpy().ravel(), classes.numpy().ravel()])
    last, first = np.argsort(np.abs(values))[len(values) // 2 - 1 : len(values) // 2 + 1]
    values[last] = values[first]
    conv.assign(values[:72].reshape(conv.shape))
    classes.assign(values[72:].reshape(classes.shape))
    GlobalPruning(0.5, SCHEDULE).verify(measure(pruned(model, 0.5), 0.0))
    conv.assign(np.ones(conv.shape))
    classes.assign(np.ones(classes.shape))
    with pytest.raises(BenchError, match=r"sparsity not reached: 0 zeros of 120 where 0\.5"):
        GlobalPruning(0.5, SCHEDULE).verify(measure(pruned(model, 0.5), 0.0))


def test_a_kernel_that_keeps_a_few_more_than_its_own_fraction_loses_none_for_it() -> None:
    pixels = keras.Input((400,))
    model = keras.Model(pixels, keras.layers.Dense(3)(keras.layers.Dense(500)(pixels)))
    for layer, zeros in zip(model.layers[1:], (99_998, 752), strict=True):
        values = np.arange(layer.kernel.shape.num_elements(), dtype=np.float32) + 1
        values[:zeros] = 0
        layer.kernel.assign(values.reshape(layer.kernel.shape))
    before = [layer.kernel.numpy() for layer in model.layers[1:]]
    after = GlobalPruning(0.5, SCHEDULE).finish(model)
    for one, layer in zip(before, after.layers[1:], strict=True):
        np.testing.assert_array_equal(layer.kernel.numpy(), one)
