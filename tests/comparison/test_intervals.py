"""The interval of a mean covers new seeds and new images, drawn or, over many seeds, known."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from grids import CURVE, grid

from bench.comparison import intervals
from bench.comparison.intervals import hierarchical


def test_the_interval_of_a_mean_covers_new_seeds_and_new_images() -> None:
    draw = np.random.default_rng(12)
    covered = []
    for _ in range(100):
        right = grid(draw, [0], deviation=0.01)[0].astype(float)
        found = hierarchical([(np.arange(785), row) for row in right])
        covered.append((found.low <= CURVE) & (found.high >= CURVE))
    assert np.mean(covered) >= 0.93


def test_the_bootstrap_adds_seeds_and_images_and_draws_the_same_again() -> None:
    draw = np.random.default_rng(13)
    rows = [(np.arange(2000), draw.random((1, 2000)) < level) for level in (0.4, 0.5, 0.6)]
    found = hierarchical([(images, values.astype(float)) for images, values in rows])
    assert found.deviation is not None
    assert found.deviation[0] == pytest.approx(0.1, rel=0.1)
    again = hierarchical([(images, values.astype(float)) for images, values in rows])
    assert (found.low, found.high) == (again.low, again.high)


def test_one_seed_has_the_interval_of_its_images() -> None:
    values = (np.arange(1000) < 300).astype(float)[None]
    found = hierarchical([(np.arange(1000), values)])
    half = 1.96 * sqrt(0.21 / 1000)
    assert (found.low[0], found.high[0]) == pytest.approx((0.3 - half, 0.3 + half), abs=0.004)
    assert found.deviation is None


def test_beyond_many_seeds_the_interval_is_the_same_without_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(15)
    rows = [(np.arange(785), row.astype(float)) for row in grid(draw, [0], seeds=40)[0]]
    known = hierarchical(rows)
    monkeypatch.setattr(intervals, "MANY", 40)
    drawn = hierarchical(rows, draws=4000)
    assert known.mean.tolist() == drawn.mean.tolist()
    assert (known.high - known.low) / (drawn.high - drawn.low) == pytest.approx(np.ones(8), abs=0.1)
    assert known.deviation == pytest.approx(drawn.deviation)


def test_seeds_with_images_of_their_own_are_drawn_apart() -> None:
    # Alike at every seed, so that images alone vary. Shared by three seeds they vary the mean as they vary one seed's;
    # apart by a third of that. Seeds drawn again count (S - 1) / S of the images' part twice: 5 / 9 and not 1 / 3.
    values = (np.arange(900) % 3 == 0).astype(float)[None]
    places = [np.arange(900)] * 3, [np.arange(900) + 900 * seed for seed in range(3)]
    alike, apart = (hierarchical([(images, values) for images in each], draws=8000) for each in places)
    assert (apart.high - apart.low) / (alike.high - alike.low) == pytest.approx(sqrt(5 / 9), rel=0.03)


@pytest.mark.parametrize("own", [False, True])
def test_the_interval_over_many_seeds_covers_new_seeds_and_new_images(own: bool) -> None:
    draw = np.random.default_rng(16)
    covered = []
    for _ in range(60):
        right = grid(draw, [0], seeds=35, images=600)[0].astype(float)
        drawn = [np.sort(draw.permutation(600)[:200]) if own else np.arange(200) for _ in right]
        found = hierarchical([(images, row[:, images]) for images, row in zip(drawn, right, strict=True)])
        covered.append((found.low <= CURVE) & (found.high >= CURVE))
    assert 0.9 <= np.mean(covered) <= 0.99


@pytest.mark.parametrize("images", [1, 2, 6])
def test_a_few_images_have_an_interval(images: int) -> None:
    values = (np.arange(images) % 2 == 0).astype(float)[None]
    for seeds in (1, 3):
        found = hierarchical([(np.arange(images), values)] * seeds)
        assert found.low[0] <= found.mean[0] <= found.high[0]
