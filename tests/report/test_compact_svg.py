"""A compact picture has the same points, texts and marks as the one that matplotlib wrote."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report.figures.save import render
from bench.report.pages.compact_path import compact_path, rounded
from bench.report.pages.compact_svg import compact

FAR = st.floats(-999, 999, allow_nan=False).map(lambda value: round(value, 6))
SVG = "{http://www.w3.org/2000/svg}"


def points(path: str) -> list[tuple[float, float]]:
    """Return the points of a path of relative moves and lines."""
    numbers = [float(each) for each in re.findall(r"-?\d*\.?\d+", path)]
    x = y = 0.0
    found = []
    for across, down in zip(numbers[::2], numbers[1::2], strict=True):
        x, y = x + across, y + down
        found.append((x, y))
    return found


@given(st.lists(st.tuples(FAR, FAR), min_size=2, max_size=30, unique=True))
def test_errors_of_rounding_do_not_add_up(places: list[tuple[float, float]]) -> None:
    found = points(compact_path("M " + "\nL ".join(f"{x:f} {y:f}" for x, y in places)))
    tenths = [(round(10 * x), round(10 * y)) for x, y in places]
    assert distinct([(round(10 * x), round(10 * y)) for x, y in found]) == distinct(tenths)
    assert len(found) <= len(places)


def distinct(steps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return points without those that repeat the one before: a step of less than a tenth may be left out."""
    return [step for step, before in zip(steps, [None, *steps], strict=False) if step != before]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("M 1 2 \nL 3 2.5 \nL 3 0 \nz\n", "m1 2 2 .5 0-2.5z"),
        ("M 0 0 Q 1 1 2 0 L 5 5", "m0 0q1 1 2 0l3 5"),
        ("M 0 0 L 9 9 M 10 10 L 11 11", "m0 0 9 9m1 1 1 1"),
        ("M 1.23 4.56 H 7.89", "M 1.2 4.6 H 7.9"),
    ],
)
def test_paths_by_hand(path: str, expected: str) -> None:
    assert compact_path(path) == expected


def test_numbers_are_rounded_and_words_are_not() -> None:
    assert rounded("translate(0.04 -1.25) scale(12)") == "translate(0 -1.2) scale(12)"


def test_a_figure_keeps_its_texts_and_its_marks() -> None:
    figure, axes = plt.subplots()
    for number in range(2):
        axes.plot(range(9), [number + value**2 for value in range(9)], marker="os"[number], label=f"<{number}> & co")
    axes.legend()
    svg = render(figure, ["svg"])["svg"]
    short = compact(svg)
    assert len(short) < len(svg) / 2
    old, new = ET.fromstring(svg), ET.fromstring(short)
    texts = [each.text for each in old.iter(f"{SVG}text")]
    assert [each.text for each in new.iter(f"{SVG}text")] == texts
    assert "<1> & co" in texts
    marks = [path for path in new.iter(f"{SVG}path") if (path.get("class") or "").startswith("i")]
    assert sorted(len(points(path.get("d") or "")) for path in marks)[-2:] == [9, 9]
    names = {each.get("id") for each in new.iter() if each.get("id")}
    used = set(re.findall(r"#(i\d+)", short.decode()))
    assert used == names
    assert set(re.findall(r'class="(\w+)"', short.decode())) <= set(re.findall(r"\.(\w+)\{", short.decode()))
