from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from kernels import one_kernel, pass_through
from tensorflow_model_optimization.python.core.sparsity.keras import pruning_impl

from bench.errors import BadInput, BenchError
from bench.evaluation.metrics import measure
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.pruning_wrapper import _Masks, of_the_kernel
from bench.spec.pruning_schedule import Steps


def test_the_mask_on_four_weights_by_hand() -> None:
    kernels = pass_through(one_kernel([0.1, -0.4, 0.2, -0.3]), MagnitudePruning(0.5, Steps(1, 2, 2)), 5)
    # s_1 = 0, s_3 = 0.5 - 0.5 * 0.5**3 = 0.4375 (of four weights: two, rounded), s_5 = 0.5
    np.testing.assert_allclose(kernels[1], [0.1, -0.4, 0.2, -0.3])
    np.testing.assert_allclose(kernels[2], [0, -0.4, 0, -0.3])
    np.testing.assert_allclose(kernels[4], [0, -0.4, 0, -0.3])


def test_of_equal_weights_as_many_stay_as_share_the_threshold() -> None:
    # The library keeps every weight that is as large as the smallest it keeps: a tie leaves more than was asked.
    kernels = pass_through(one_kernel([0.5, 0.5, 0.5, 0.1]), MagnitudePruning(0.5, Steps(1, 1, 1)), 2)
    np.testing.assert_allclose(kernels[-1], [0.5, 0.5, 0.5, 0])


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 0.98, 0.999])
@pytest.mark.parametrize("levels", [3, 10**6])
def test_the_mask_is_the_one_that_the_library_makes_by_ranking_all_weights(sparsity: float, levels: int) -> None:
    drawn = np.random.default_rng(levels).integers(-levels, levels, (41, 25)) / levels
    kernel = tf.Variable(drawn, dtype=tf.float32)
    options = {
        "training_step_fn": lambda: 1,
        "pruning_vars": [],
        "pruning_schedule": lambda _: (True, tf.constant(sparsity, tf.float32)),
        "block_size": [1, 1],
        "block_pooling_type": "AVG",
    }
    theirs = pruning_impl.Pruning(**options)._update_mask(kernel)
    ours = tf.function(_Masks(tf.abs, of_the_kernel, **options)._update_mask)(kernel)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_zeros_follow_the_cubic_schedule() -> None:
    draw, size, steps = np.random.default_rng(0), 1000, Steps(4, 5, 3)
    kernels = pass_through(one_kernel(list(draw.standard_normal(size))), MagnitudePruning(0.9, steps), steps.end + 2)
    for t, kernel in enumerate(kernels, start=1):
        updated = min(t, steps.end) - (min(t, steps.end) - steps.begin) % steps.frequency
        progress = max(0, updated - steps.begin) / (steps.updates * steps.frequency)
        expected = 0.9 - 0.9 * (1 - progress) ** 3
        assert (kernel == 0).sum() == pytest.approx(expected * size, abs=1)


@pytest.mark.parametrize("sparsity", [0.5, 0.8, 0.9, 0.95, 0.98])
def test_the_kernels_of_alexnet_at_the_papers_size_can_be_pruned_to_the_weight(sparsity: float) -> None:
    for size in (9216 * 4096, 4096 * 4096):
        MagnitudePruning(sparsity, Steps(1, 1, 1))._check_reachable("fc6", size)


def test_a_kernel_too_large_for_float32_is_refused_before_training() -> None:
    with pytest.raises(BadInput, match=r"kernel of fc6.*float32"):
        MagnitudePruning(0.9, Steps(1, 1, 1))._check_reachable("fc6", 12544 * 4096)


def test_a_promise_broken_by_two_weights_is_a_failure_and_by_one_is_not() -> None:
    weights = np.linspace(0.1, 1, 100)
    weights[:50] = 0
    metrics = measure(one_kernel(list(weights)), 0.0)
    MagnitudePruning(0.51, Steps(1, 1, 1)).verify(metrics)
    with pytest.raises(BenchError, match=r"fc has 50 zeros of 100 where 0\.52 was asked"):
        MagnitudePruning(0.52, Steps(1, 1, 1)).verify(metrics)


@pytest.mark.parametrize(("surplus", "zeroed"), [(0, 0), (1, 1), (3, 3), (40, 0)])
def test_the_weights_that_a_tie_left_over_are_zeroed_and_an_unfinished_schedule_is_not_hidden(
    surplus: int, zeroed: int
) -> None:
    size = 400_000
    weights = np.linspace(0.1, 1, size)
    weights[: size // 2 - surplus] = 0
    stripped = MagnitudePruning(0.5, Steps(1, 1, 1)).finish(one_kernel(list(weights)))
    kernel = stripped.get_layer("fc").kernel.numpy()[:, 0]
    assert (kernel == 0).sum() == size // 2 - surplus + zeroed
    assert (kernel[: size // 2 - surplus + zeroed] == 0).all()
