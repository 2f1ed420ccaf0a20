"""Two maps agree as far as their ranks and their brightest pixels do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from bench.looking.agreement import overlap, rank_correlation
from bench.looking.images_looked_at import looked_at

DRAW = np.random.default_rng(0)
MAPS = DRAW.random((4, 10, 10)).astype(np.float32)


def test_a_map_agrees_with_itself_and_with_its_logarithm_and_not_with_its_negative() -> None:
    for same in (MAPS, np.log(MAPS)):
        np.testing.assert_allclose(rank_correlation(MAPS, same), 1)
        np.testing.assert_array_equal(overlap(MAPS, same), 1)
    np.testing.assert_allclose(rank_correlation(MAPS, -MAPS), -1)
    np.testing.assert_array_equal(overlap(MAPS, -MAPS), 0)


def test_the_rank_correlation_is_that_of_another_implementation_also_with_ties() -> None:
    other = np.round(3 * DRAW.random(MAPS.shape) + MAPS)
    expected = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(MAPS, other, strict=True)]
    np.testing.assert_allclose(rank_correlation(MAPS, other), expected)


def test_the_overlap_by_hand() -> None:
    first, second = np.zeros((2, 1, 10, 10))
    first[0, 0, :5] = [5, 6, 7, 8, 9]  # 5 % of a hundred pixels
    second[0, 0, 3:8] = [5, 6, 7, 8, 9]
    assert overlap(first, second) == [2 / 5]


def test_unrelated_maps_share_five_percent_of_the_top_on_average() -> None:
    first, second = np.random.default_rng(5).random((2, 400, 20, 20))
    assert overlap(first, second).mean() == pytest.approx(0.05, abs=0.015)


def test_a_constant_map_has_no_agreement() -> None:
    flat = np.ones_like(MAPS)
    flat[0] = MAPS[0]
    for measure in (rank_correlation, overlap):
        assert np.isnan(measure(MAPS, flat)).tolist() == [False, True, True, True]


def test_the_images_are_of_all_classes_and_fewer_are_among_more() -> None:
    labels = np.repeat(np.arange(4), [50, 5, 20, 25])
    few, many = looked_at(labels, 8), looked_at(labels, 30)
    assert np.bincount(labels[few]).tolist() == [2, 2, 2, 2]
    assert np.bincount(labels[many]).tolist() == [9, 5, 8, 8]
    assert set(few) < set(many)
    assert (np.diff(many) > 0).all()
    assert looked_at(labels, 100).tolist() == list(range(100))
