"""What is taken from the outcomes of an attack: quantities, bands of radii and flips, by hand."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bench.errors import BadInput
from bench.records.outcomes import CUSTOMARY, LARGE, Outcomes, Quantity, in_all, lower_bound, wilson

OUTCOMES = Outcomes(
    (0.0, 1.0, 4.0),
    np.array([3, 5, 8, 9]),
    np.array([0, 1, 2, 3]),
    np.array([[0, 1, 2, 0], [0, 1, 0, 3], [0, 0, 0, 0]]),
)


def test_quantities_by_hand() -> None:
    right = OUTCOMES.right
    assert right.tolist() == [[True, True, True, False], [True, True, False, True], [True, False, False, False]]
    at = {quantity: OUTCOMES.values(quantity, (1.0, 4.0)).mean() for quantity in Quantity}
    assert at == pytest.approx(
        {"accuracy": (3 / 4 + 1 / 4) / 2, "drop": 3 / 4 - 1 / 2, "accuracy on clean-correct images": 1 / 2}
    )
    assert OUTCOMES.values(Quantity.DROP, (1.0,)).tolist() == [0, 0, 1, -1]


def test_a_radius_that_was_not_measured_is_refused() -> None:
    with pytest.raises(BadInput, match=r"eps \[2.0\]"):
        OUTCOMES.values(Quantity.ACCURACY, (2.0,))


def test_accuracy_on_clean_correct_images_is_undefined_where_there_are_none() -> None:
    none = Outcomes((0.0, 1.0), np.arange(2), np.array([1, 1]), np.zeros((2, 2), int))
    assert np.isnan(none.values(Quantity.CLEAN_CORRECT, (1.0,))).all()


def test_bands_take_the_ends_that_they_say() -> None:
    eps = (0.0, 1.0, 8.0, 16.0, 64.0, 128.0)
    assert (CUSTOMARY.of(eps), LARGE.of(eps)) == ((1.0, 8.0), (8.0, 16.0, 64.0))
    assert (str(CUSTOMARY), str(LARGE)) == ("0 < eps <= 8", "8 <= eps <= 64")


def test_the_smallest_flipping_eps_by_hand() -> None:
    labels = np.array([0, 0, 0, 0, 1])
    predictions = np.array([[0, 0, 0, 0, 2], [0, 1, 0, 0, 1], [3, 0, 0, 0, 1]])
    outcomes = Outcomes((0.0, 1.0, 4.0), np.arange(5), labels, predictions)
    # Of four right ones the second flips at 1, and back; the first at 4; the last of five was never right.
    assert list(outcomes.flipped((0.0, 1.0, 4.0)).mean(axis=1)) == pytest.approx([0, 0.25, 0.5])
    never_right = Outcomes((0.0, 1.0), np.arange(5), labels + 5, predictions[:2])
    assert np.isnan(never_right.flipped((0.0, 1.0))).all()


def test_flips_agree_with_the_recorded_first_flip() -> None:
    draw = np.random.default_rng(2)
    labels, found = draw.integers(0, 3, 80), draw.integers(0, 3, (4, 80))
    outcomes = Outcomes((0.0, 1.0, 2.0, 4.0), np.arange(80), labels, found)
    first = outcomes.first_flip[found[0] == labels]
    expected = [np.mean((first >= 0) & (first <= place)) for place in range(4)]
    assert list(outcomes.flipped(outcomes.eps).mean(axis=1)) == pytest.approx(expected)


@given(st.integers(1, 5000), st.data())
def test_the_wilson_interval_is_that_of_another_library(total: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, total))
    expected = binomtest(right, total).proportion_ci(0.95, method="wilson")
    assert wilson(right, total) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize("total", [1, 3, 785])
def test_the_wilson_interval_ends_at_0_and_1_where_none_or_all_are_right(total: int) -> None:
    assert wilson(0, total)[0] == 0
    assert wilson(total, total)[1] == 1


def test_the_half_width_on_the_whole_of_imagenette_is_about_one_and_a_half_points() -> None:
    low, high = wilson(3925 // 2, 3925)
    assert (high - low) / 2 == pytest.approx(0.0156, abs=2e-4)


@given(st.lists(st.sets(st.integers(0, 30)), min_size=1, max_size=4))
def test_the_images_in_all_sets_are_their_intersection(sets: list[set[int]]) -> None:
    found = in_all([np.array(sorted(each), dtype) for each, dtype in zip(sets, cycle((np.int32, np.int64)))])
    assert found.tolist() == sorted(set.intersection(*sets))


def test_the_lower_bound_is_student_s() -> None:
    # mean 0.5, deviation 0.5064, n = 40: 0.5 - 1.6849 * 0.5064 / sqrt(40)
    assert lower_bound(np.array([0, 1] * 20)) == pytest.approx(0.36510, abs=1e-4)


def test_the_lower_bound_of_equal_differences_is_what_so_many_images_allow() -> None:
    # Were a share q of images -1 and the others 1, all n would be 1 with the chance (1 - q)**n.
    bound = lower_bound(np.ones(10))
    share = (1 - bound) / 2
    assert (1 - share) ** 10 == pytest.approx(0.05)
    assert lower_bound(np.zeros(300)) == pytest.approx(-3 / 300, rel=0.01)


def test_bounds_that_hold_together_are_rarely_above_a_true_mean_of_zero() -> None:
    # Twelve differences whose true means are 0: some bound is above it in 5 % of the draws at most, up to chance.
    draw, many = np.random.default_rng(0), 300
    above = {1: 0, 12: 0}
    for _ in range(many):
        differences = draw.integers(-1, 2, (12, 200))
        for among in above:
            above[among] += any(lower_bound(each, among) > 0 for each in differences)
    assert above[12] / many < 0.09
    assert above[1] / many > 0.3
