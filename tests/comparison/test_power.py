"""The number of seeds that would decide a claim, beside the closed form and beside simulated grids."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
import pytest
from grids import grid, samples
from scipy.stats import norm

from bench.comparison.paired import Effect
from bench.comparison.power import MOST, POWER, seeds_needed

LEVEL = 0.025  # on each side


def effect(variance: float, shared: float, df: float, seeds: int = 3) -> Effect:
    """Return an effect at ``seeds`` seeds; ``variance`` is that of one seed without the ``shared`` part."""
    se = sqrt(variance / seeds + shared)
    return Effect(0.0, se, df, tuple(range(seeds)), 785, shared)


@pytest.mark.parametrize("ratio", [0.4, 0.9, 1.5])
def test_with_a_known_variance_it_is_the_closed_form(ratio: float) -> None:
    exact = ((norm.ppf(1 - LEVEL) + norm.ppf(POWER)) / ratio) ** 2
    assert seeds_needed(effect(1.0, 0.0, 1e9), [ratio], LEVEL) == max(2, ceil(exact))


def test_images_that_all_seeds_share_set_a_limit() -> None:
    noise = effect(1e-6, 1e-2, 1e9)
    assert seeds_needed(noise, [0.1], LEVEL) is None
    assert seeds_needed(noise, [0.5], LEVEL) == 2
    assert seeds_needed(effect(1.0, 0.0, 1e9), [0.01], LEVEL) is None


def test_what_is_certain_needs_no_more() -> None:
    assert seeds_needed(Effect(0.5, 0.0, 4.0, (0, 1, 2), 785), [0.5], LEVEL) == 2


@pytest.mark.parametrize(("planted", "margin"), [(-0.018, None), (0.0, 0.02)])
def test_so_many_seeds_decide_four_of_five_simulated_grids(planted: float, margin: float | None) -> None:
    draw = np.random.default_rng(5)

    def found(seeds: int) -> Effect:
        return samples(grid(draw, [0, 0, 0, planted], seeds=seeds, deviation=0.012, images=2000)).against("3", "0")

    def decided(each: Effect) -> bool:
        return each.p < 2 * LEVEL if margin is None else each.p_within(margin) < LEVEL

    three = [found(3) for _ in range(60)]
    shared = float(np.mean([each.shared_variance for each in three]))
    varying = float(np.mean([each.se**2 - each.shared_variance for each in three])) * 3
    # Four networks at three seeds leave six degrees of freedom to the variance over seeds.
    expected = effect(varying, shared, 6 * (1 + 3 * shared / varying) ** 2)
    distances = [abs(planted)] if margin is None else [margin - planted, margin + planted]
    needed = seeds_needed(expected, distances, LEVEL)
    assert needed is not None
    assert 3 < needed < MOST
    power = np.mean([decided(found(needed)) for _ in range(150)])
    assert abs(power - POWER) < 0.12
