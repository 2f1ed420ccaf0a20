"""The l1 and nuclear-norm penalties: their closed forms, when they act, and what they promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from factored import rank_of
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_run
from trainings import train

from bench.datasets.base import Dataset
from bench.methods.l1 import L1
from bench.methods.nuclear_norm import NuclearNorm, shrunk
from bench.methods.proximal import ProximalSteps


def test_l1_moves_each_weight_towards_zero_and_no_further() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])
    model.layers[0].kernel.assign([[1.0, -1.0], [0.25, -0.1], [0.0, 0.3]])
    (steps,) = L1(0.5).callbacks()
    steps.operator([model.layers[0].kernel], 0.25)
    expected = np.array([[0.75, -0.75], [0.0, 0.0], [0.0, 0.05]], np.float32)
    np.testing.assert_allclose(model.layers[0].kernel.numpy(), expected, rtol=1e-6)
    assert model.layers[0].kernel.numpy()[1:, 0].tolist() == [0, 0]


@given(st.sampled_from([(7, 4), (4, 7), (5, 5), (3, 3, 2, 4), (1, 1, 2, 9)]), st.integers(0, 1000), st.floats(0, 3))
def test_the_nuclear_norm_takes_the_threshold_off_each_singular_value(
    shape: tuple[int, ...], seed: int, threshold: float
) -> None:
    kernel = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    left, sizes, right = np.linalg.svd(kernel.reshape(-1, shape[-1]).astype(np.float64), full_matrices=False)
    expected = (left * np.maximum(sizes - threshold, 0)) @ right
    np.testing.assert_allclose(shrunk(kernel, threshold), expected.reshape(shape), atol=1e-5)


def test_the_nuclear_norm_gives_no_weight_back_that_pruning_or_l1_took() -> None:
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, use_bias=False)])
    kernel = model.layers[0].kernel
    gone = np.random.default_rng(0).random(kernel.shape) < 0.5
    kernel.assign(np.where(gone, 0, kernel.numpy()))
    expected = np.where(gone, 0, shrunk(kernel.numpy(), 0.1))
    (steps,) = NuclearNorm(1.0).callbacks()
    steps.operator([kernel], 0.1)
    np.testing.assert_array_equal(kernel.numpy(), expected)


def test_the_rank_of_a_kernel_counts_singular_values_that_are_not_zero() -> None:
    draw = np.random.default_rng(0)
    kernel = (draw.normal(size=(12, 3)) @ draw.normal(size=(3, 8))).astype(np.float32)
    assert rank_of(kernel) == 3
    assert rank_of(shrunk(kernel, float(np.linalg.svd(kernel, compute_uv=False)[2]) + 1e-3)) == 2
    assert rank_of(kernel.reshape(2, 3, 2, 8)) == 3


@pytest.mark.parametrize(("every", "expected"), [(1, [1] * 6), (2, [2, 1, 1, 2]), (10, [3, 3])])
def test_each_step_counts_once_at_its_own_learning_rate(every: int, expected: list[int]) -> None:
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([2], [1.0, 10.0])
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rates))
    thresholds: list[float] = []
    steps = ProximalSteps(lambda _, threshold: thresholds.append(threshold), 0.5, every)
    steps.set_model(model)
    steps.on_train_begin()
    done = []
    for epoch in range(2):
        for batch in range(3):
            steps.on_train_batch_begin(batch)
            model.optimizer.iterations.assign_add(1)
            done.append(float(rates(len(done))))
        steps.on_epoch_end(epoch)
    last = np.cumsum(expected) - 1
    assert thresholds == [0.5 * count * done[at] for count, at in zip(expected, last, strict=True)]
    assert sum(expected) == 6


@pytest.mark.usefixtures("small_network")
@pytest.mark.parametrize(("name", "factors"), [("l1", (0.0, 0.03, 0.3)), ("nuclear_norm", (0.0, 0.3, 1.0))])
def test_a_larger_factor_leaves_more_zeros_or_a_smaller_rank(
    name: str, factors: tuple[float, ...], tiny: Dataset, tmp_path: Any
) -> None:
    found = []
    for factor in factors:
        trained = train(
            tiny_run(arch="small", epochs=8, learning_rate=0.2, **{name: factor}), tiny, tmp_path / str(factor)
        )
        kernels = [array for text, array in trained.weights.items() if "kernel" in text]
        zeros = sum(int((kernel == 0).sum()) for kernel in kernels)
        found.append(zeros if name == "l1" else -sum(map(rank_of, kernels)))
    assert found == sorted(found)
    assert len(set(found)) == 3
