from __future__ import annotations

import pytest
from bench.records.statistics import wilson
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest


@given(st.integers(1, 5000), st.data(), st.floats(0.5, 0.999))
def test_the_wilson_interval_is_scipys(total: int, data: st.DataObject, confidence: float) -> None:
    right = data.draw(st.integers(0, total))
    expected = binomtest(right, total).proportion_ci(confidence, method="wilson")
    assert wilson(right, total, confidence) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_the_half_width_on_the_whole_of_imagenette_is_about_one_and_a_half_points() -> None:
    low, high = wilson(3925 // 2, 3925)
    assert (high - low) / 2 == pytest.approx(0.0156, abs=2e-4)
