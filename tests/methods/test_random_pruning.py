from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from kernels import one_kernel, pass_through

from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.random_pruning import RandomPruning
from bench.spec.pruning_schedule import Steps

SCHEDULE = Steps(4, 5, 3)
SIZE = 1000


def weights() -> list[float]:
    return list(np.random.default_rng(0).standard_normal(SIZE))


def masks(seed: int) -> Any:
    kernels = pass_through(one_kernel(weights()), RandomPruning(0.9, SCHEDULE, seed), SCHEDULE.end + 2)
    return [kernel == 0 for kernel in kernels]


def test_as_many_weights_go_at_each_step_as_by_magnitude() -> None:
    by_magnitude = pass_through(one_kernel(weights()), MagnitudePruning(0.9, SCHEDULE), SCHEDULE.end + 2)
    assert [int(mask.sum()) for mask in masks(0)] == [int((kernel == 0).sum()) for kernel in by_magnitude]


def test_what_is_zero_stays_zero() -> None:
    drawn = masks(0)
    assert all((before <= after).all() for before, after in itertools.pairwise(drawn))
    assert 0 < drawn[SCHEDULE.begin + SCHEDULE.frequency].sum() < drawn[-1].sum() == 900


def test_the_draw_looks_at_no_weight_and_depends_on_the_seed() -> None:
    gone = np.abs(np.array(weights()))[masks(0)[-1]]
    assert np.median(gone) == pytest.approx(np.median(np.abs(weights())), abs=0.05)
    np.testing.assert_array_equal(masks(0)[-1], masks(0)[-1])
    agreement = (masks(0)[-1] == masks(1)[-1]).mean()
    assert agreement == pytest.approx(0.9 * 0.9 + 0.1 * 0.1, abs=0.05)


def test_a_kernel_of_millions_has_no_ties() -> None:
    size = 2_000_000
    method = RandomPruning(0.9, Steps(1, 1, 1), 0)
    kernel = pass_through(one_kernel([1.0] * size), method, 2)[-1]
    assert (kernel == 0).sum() == size - method._kept(size)
