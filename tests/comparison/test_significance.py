"""The significance tests against closed forms."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from bench.comparison.paired import Effect, PairedSamples, Sample
from bench.comparison.significance import below, holm, mcnemar, tost
from bench.comparison.verdict import judge_family
from bench.records.outcomes import unseen


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_closed_form(gained: int, lost: int) -> None:
    pairs = gained + lost
    tail = sum(comb(pairs, k) for k in range(min(gained, lost) + 1))
    assert mcnemar(gained, lost) == pytest.approx(min(1.0, 2 * tail / 2**pairs), rel=1e-9)


def test_equivalence_by_hand() -> None:
    # d = 0.01, s = 0.004, 10 degrees of freedom, margin 0.02: t = -2.5 above and 7.5 below.
    assert tost(0.01, 0.004, 10, 0.02, 785) == pytest.approx(t.cdf(-2.5, 10))
    assert tost(0.01, 0.004, 10, 0.02, 785) == pytest.approx(0.0157, abs=1e-4)
    assert tost(-0.01, 0.004, 10, 0.02, 785) == tost(0.01, 0.004, 10, 0.02, 785)
    assert tost(0.03, 0.004, 10, 0.02, 785) > 0.97


@given(st.floats(-0.1, 0.1), st.floats(0, 0.1), st.integers(1, 50), st.sampled_from([1, 10, 140, 160, 785]))
def test_equivalence_is_shown_exactly_where_the_90_percent_interval_lies_inside(
    d: float, s: float, df: int, images: int
) -> None:
    low, high = Effect(d, s, df, (0, 1, 2), images).interval(0.9)
    inside = max(-low, high)
    if abs(inside - 0.02) > 1e-9:
        assert (tost(d, s, df, 0.02, images) < 0.05) == (inside < 0.02)


def test_images_that_all_agree_show_no_more_than_the_rule_of_three() -> None:
    for images in (10, 100, 3925):
        low, high = unseen(0.0, images, 0.05)
        assert (low, high) == pytest.approx((-3 / images, 3 / images), rel=0.15)
        assert tost(0.0, 0.0, 2, high, images) == pytest.approx(0.05)
    assert tost(0.0, 0.0, 2, 0.02, 10) > 0.5
    assert tost(0.0, 0.0, 2, 0.02, 3925) < 0.001
    # All of ten images lost are the sign test; a difference that cannot be larger is certain to be below.
    assert below(-1.0, 0.0, 2, 0.0, 10) == pytest.approx(0.5**10)
    assert below(1.0, 0.0, 2, 1.1, 1) == 0


@pytest.mark.parametrize(("images", "said"), [(1, False), (10, False), (3925, True)])
def test_two_networks_that_are_never_right_are_equivalent_where_there_are_images_to_tell(
    images: int, said: bool
) -> None:
    wrong = {seed: Sample(np.arange(images), np.zeros(images)) for seed in range(3)}
    effect = PairedSamples({"a": wrong, "b": wrong}).against("a", "b")
    (judged,) = judge_family({"a": effect}).values()
    assert judged.verdict.startswith("equivalent") == said
    assert "nan" not in judged.sentence
    low, high = effect.interval()
    assert low < 0 < high


def test_one_image_at_one_seed_has_an_interval() -> None:
    one = {name: {0: Sample(np.array([3]), np.array([value]))} for name, value in (("a", 1.0), ("b", 0.0))}
    low, high = PairedSamples(one).against("a", "b").interval()
    assert -1 <= low < 0
    assert high == 1


def test_holm_by_hand() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({}) == {}
