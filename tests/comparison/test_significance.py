"""The significance tests against closed forms."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from bench.comparison.paired import Effect
from bench.comparison.significance import holm, mcnemar, tost


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_closed_form(gained: int, lost: int) -> None:
    pairs = gained + lost
    tail = sum(comb(pairs, k) for k in range(min(gained, lost) + 1))
    assert mcnemar(gained, lost) == pytest.approx(min(1.0, 2 * tail / 2**pairs), rel=1e-9)


def test_equivalence_by_hand() -> None:
    # d = 0.01, s = 0.004, 10 degrees of freedom, margin 0.02: t = -2.5 above and 7.5 below.
    assert tost(0.01, 0.004, 10, 0.02) == pytest.approx(t.cdf(-2.5, 10))
    assert tost(0.01, 0.004, 10, 0.02) == pytest.approx(0.0157, abs=1e-4)
    assert tost(-0.01, 0.004, 10, 0.02) == tost(0.01, 0.004, 10, 0.02)
    assert tost(0.03, 0.004, 10, 0.02) > 0.97


@given(st.floats(-0.1, 0.1), st.floats(1e-3, 0.1), st.integers(1, 50))
def test_equivalence_is_shown_exactly_where_the_90_percent_interval_lies_inside(d: float, s: float, df: int) -> None:
    low, high = Effect(d, s, df, (0, 1, 2), 10, 0.0, 0.0).interval(0.9)
    inside = max(-low, high)
    if abs(inside - 0.02) > 1e-9:
        assert (tost(d, s, df, 0.02) < 0.05) == (inside < 0.02)


def test_holm_by_hand() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({}) == {}
