"""What a report leaves, read back: its files, what its pictures show, and what lies on no front."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from recorded import EPS, bound

from bench.comparison.group import ComparisonGroup
from bench.report.figures.overviews import OVERVIEWS
from bench.report.tables.figure_table import figure_table

AT = EPS.index(2.0)  # the radius that overviews of one radius are drawn at


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def drawn(name: str, group: ComparisonGroup, results: Path) -> Figure:
    group = bound(group, results)
    figure = OVERVIEWS[name].draw(group, figure_table(group))
    assert figure is not None
    return figure


def points(axes: Axes) -> list[tuple[float, float]]:
    """Return the points with an error bar, in the order in which they were drawn."""
    return [(float(each[0].get_xdata()[0]), float(each[0].get_ydata()[0])) for each in axes.containers]


def hollow(axes: Axes) -> list[bool]:
    return [to_rgba(each[0].get_markerfacecolor()) == (1, 1, 1, 1) for each in axes.containers]


def line(axes: Axes, label: str) -> list[tuple[float, float]]:
    (found,) = [each for each in axes.get_lines() if each.get_label() == label]
    return [(float(x), float(y)) for x, y in zip(found.get_xdata(), found.get_ydata(), strict=True)]


def text(figure: Figure) -> str:
    return " ".join(" ".join(each.get_text() for each in figure.texts).split())


def legend(figure: Figure) -> list[str]:
    return [each.get_text() for each in figure.legends[0].get_texts()]


def beaten(points: Sequence[tuple[float, float]], place: int) -> bool:
    x, y = points[place]
    return any(a >= x and b >= y and (a > x or b > y) for a, b in points)
