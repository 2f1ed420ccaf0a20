"""Distances by hand, and the slack against what float32 can do to an honest attack."""

from __future__ import annotations

import numpy as np
import pytest

from bench.attacks.norms import L0, L2, LINF, NORMS, Norm


def test_distances_by_hand() -> None:
    change = np.zeros((2, 1, 2, 3), np.float32)
    change[0, 0, 0] = [3, -4, 0]
    assert LINF.distance(change).tolist() == [4, 0]
    assert L2.distance(change).tolist() == [5, 0]
    assert L0.distance(change).tolist() == [1, 0]  # two channels of one pixel
    change[:, 0, 1, 2] = 1e-30
    assert L0.distance(change).tolist() == [2, 1]


def test_a_long_change_is_summed_without_overflow_or_loss() -> None:
    change = np.full((1, 512, 512, 3), 255, np.float32)
    assert float(L2.distance(change)[0]) == pytest.approx(L2.largest, rel=1e-12)
    assert LINF.largest == float(LINF.distance(change)[0])
    assert L0.largest == float(L0.distance(change)[0])


@pytest.mark.parametrize("norm", [LINF, L2], ids=str)  # a count of pixels is exact
@pytest.mark.parametrize("size", [8, 512])
def test_the_slack_covers_the_rounding_of_a_grey_image_whose_values_all_round_the_same_way(
    norm: Norm, size: int
) -> None:
    values = size * size * 3
    draw = np.random.default_rng(0)
    for level in (129.0, 200.0, 250.0):
        clean = np.full((1, size, size, 3), level, np.float32)
        for eps in draw.uniform(0.01, 1, 20):
            step = eps if norm is LINF else eps / np.sqrt(values)
            moved = (clean[:, :1, :1] + step).astype(np.float32)  # one pixel stands for all
            beyond = float(moved.max()) - level - step
            total = beyond if norm is LINF else beyond * np.sqrt(values)
            assert total <= norm.slack(float(eps), values)


@pytest.mark.parametrize("norm", NORMS.values(), ids=str)
def test_the_slack_is_small_beside_the_smallest_usual_radius(norm: Norm) -> None:
    assert norm.slack(norm.eps[1], 64 * 64 * 3) < 0.001 * norm.eps[1]
