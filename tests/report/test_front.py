"""The front is what nothing beats, and its stairs are no higher than what is reached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from readback import beaten, line

from bench.report.figures.pareto_front import draw_front, front


@given(st.lists(st.tuples(st.integers(0, 4).map(float), st.integers(0, 4).map(float)), max_size=9))
def test_the_front_is_what_nothing_beats(points: list[tuple[float, float]]) -> None:
    found = front(points)
    assert sorted(found) == [place for place in range(len(points)) if not beaten(points, place)]
    assert [points[place][0] for place in found] == sorted(points[place][0] for place in found)


def test_the_stairs_lie_on_what_is_reached_and_no_higher() -> None:
    axes = Figure().subplots()
    corners = draw_front(axes, [(1, 9), (3, 5), (2, 4), (4, 1)], "front", "-")
    assert line(axes, "front") == [(1, 9), (3, 5), (4, 1)]
    assert list(corners) == [(1, 9), (1, 5), (3, 5), (3, 1), (4, 1)]
    assert axes.get_lines()[0].get_drawstyle() == "steps-pre"
