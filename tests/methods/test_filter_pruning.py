from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from bench.errors import BenchError
from bench.evaluation.metrics import measure
from bench.methods.filter_pruning import FilterPruning
from bench.methods.pruning_wrapper import ScoredPruning
from bench.records.schema import Metrics
from bench.spec.pruning_schedule import Steps

SCHEDULE = Steps(1, 2, 2)


def network() -> Any:
    """Build a convolution of four filters, a hidden dense layer of four units, and a dense layer of three classes."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((4, 4, 2))
    x = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, name="conv")(pixels))
    return keras.Model(pixels, keras.layers.Dense(3, name="classes")(keras.layers.Dense(4, name="hidden")(x)))


def pruned(model: Any, method: FilterPruning, steps: int) -> Any:
    wrapped = method.prepare(model)
    wrapped.compile(keras.optimizers.SGD(0.0))
    (callback,) = method.callbacks()
    callback.set_model(wrapped)
    callback.on_train_begin()
    for step in range(steps):
        callback.on_train_batch_begin(step)
        wrapped(np.ones((1, *model.input_shape[1:]), np.float32), training=True)
    return method.finish(wrapped)


def test_the_filters_of_the_smallest_l2_norm_go_by_hand() -> None:
    model = network()
    # By L1 the first filter, 4 weights of 0.5, would be larger than the second, one weight of 1.5; by L2 it is smaller.
    kernel = np.zeros((3, 3, 2, 4), np.float32)
    kernel[0, :2, :, 0], kernel[1, 1, 0, 1], kernel[2, 2, 1, 2], kernel[..., 3] = 0.5, 1.5, -0.9, 1.0
    model.get_layer("conv").kernel.assign(kernel)
    hidden = model.get_layer("hidden").kernel.numpy() * np.array([1, 0.01, 1, 0.001], np.float32)
    model.get_layer("hidden").kernel.assign(hidden)
    found = pruned(model, FilterPruning(0.5, SCHEDULE), SCHEDULE.end)
    expected = kernel.copy()
    expected[..., [0, 2]] = 0
    np.testing.assert_array_equal(found.get_layer("conv").kernel.numpy(), expected)
    np.testing.assert_array_equal(found.get_layer("hidden").kernel.numpy(), hidden * np.array([1, 0, 1, 0]))
    assert found.get_layer("classes").kernel.numpy().all()


def test_the_layer_of_the_classes_is_left_alone_and_the_promise_counts_filters() -> None:
    model = pruned(network(), FilterPruning(0.5, SCHEDULE), SCHEDULE.end)
    rows = {row.layer: row for row in measure(model, 0.0).kernels}
    assert {name: row.filters_zero for name, row in rows.items()} == {"conv": 2, "hidden": 2, "classes": 0}
    wrapped = FilterPruning(0.5, SCHEDULE).prepare(network())
    assert [type(layer) is ScoredPruning for layer in wrapped.layers if layer.weights] == [True, True, False]


def metrics(zero: int, filters: int) -> Metrics:
    """Measure a hidden layer of ``filters`` units, the first ``zero`` of them zero."""
    pixels = keras.Input((2,))
    model = keras.Model(pixels, keras.layers.Dense(2)(keras.layers.Dense(filters, name="hidden")(pixels)))
    kernel = np.ones((2, filters), np.float32)
    kernel[:, :zero] = 0
    model.get_layer("hidden").kernel.assign(kernel)
    return measure(model, 0.0)


@pytest.mark.parametrize(("zero", "holds"), [(8, False), (9, True), (10, True), (11, True), (12, False)])
def test_a_promise_holds_within_one_filter(zero: int, holds: bool) -> None:
    method, measured = FilterPruning(0.5, SCHEDULE), metrics(zero, 20)
    if holds:
        method.verify(measured)
        return
    with pytest.raises(BenchError, match=rf"hidden has {zero} zeros of 20 where 0\.5 was asked"):
        method.verify(measured)


def test_the_score_of_a_filter_is_the_norm_of_its_weights() -> None:
    kernel = np.random.default_rng(0).standard_normal((3, 3, 2, 5)).astype(np.float32)
    scores = FilterPruning(0.5, SCHEDULE).score(None)(tf.constant(kernel)).numpy()
    assert scores.shape == (1, 1, 1, 5)
    np.testing.assert_allclose(scores.ravel(), np.linalg.norm(kernel.reshape(-1, 5), axis=0), rtol=1e-6)
