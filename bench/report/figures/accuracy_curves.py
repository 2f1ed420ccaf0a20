"""The two panels of a figure: accuracy and drop against eps, a curve for each run, drawn from the cells of its table."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.comparison.group import ComparisonGroup, control_of
from bench.comparison.masking import is_masked
from bench.records.outcomes import Quantity
from bench.report.figures.style import chance_lines, framed, radius_axis, series_style, style
from bench.report.panels import Panel
from bench.report.tables.table import Cell, Table
from bench.report.wording import seeds_in_words

MASKED = "Dashed: the gradient is masked. The attack failed there, and the accuracy that it leaves is no robustness."


@dataclass(frozen=True)
class Line:
    """The curve of a run: radii in pixel levels, mean and ends of the 95 % interval in percent or points."""

    label: str
    eps: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    control: bool
    masked: bool


def lines(group: ComparisonGroup, table: Table, quantity: Quantity) -> list[Line]:
    """Return a line for each attacked run of ``group``, with the numbers of ``table``. The drop at eps 0 is 0."""
    found = []
    columns = {radius: f"{quantity} at eps {radius:g}" for radius in group.eps}
    names = {column.name for column in table.columns}
    cells = {radius: table.column(name) for radius, name in columns.items() if name in names}
    for place, run in enumerate(group.runs):
        attacked = group.attacked(run)
        if not attacked:
            continue
        points = []
        for radius in group.eps:
            cell = cells[radius][place] if radius in cells else None
            points.append(_percent(cell) if cell else (0.0, 0.0, 0.0))
        mean, low, high = (tuple(each) for each in zip(*points, strict=True))
        masked = bool(is_masked(attacked))
        found.append(Line(group.label(run), group.eps, mean, low, high, run == control_of(run), masked))
    return found


def _percent(cell: Cell) -> tuple[float, float, float]:
    mean, low, high = (100 * float("nan" if each is None else each) for each in (cell.number, cell.low, cell.high))
    return mean, min(low, mean), max(high, mean)  # an interval at 0 or 1 can miss its own mean by a rounding


def draw(group: ComparisonGroup, table: Table, panel: Panel) -> Figure:
    """Return the figure of ``panel``: the mean of each run over its seeds with its interval, from dark to light.

    The control is black. A line is dashed where the gradient is masked; legend and caption say so.
    """
    curves = lines(group, table, panel.quantity)
    caption = [table.caption, seeds_in_words(group, "Shaded")]
    caption += [MASKED] * any(curve.masked for curve in curves)
    with style():
        figure, (axes,) = framed(group.title, _words(group, panel), caption)
        others = [group.label(run) for run in group.compared]  # so that a run keeps its shade when more are recorded
        for curve in curves:
            _curve(axes, curve, None if curve.control else others.index(curve.label), len(others))
        _scales(axes, group, panel)
        axes.legend(loc="best", frameon=True, framealpha=0.9, fontsize="small").set_in_layout(False)
    return figure


def _curve(axes: Axes, curve: Line, place: int | None, count: int) -> None:
    shown = series_style(place, count)
    axes.fill_between(curve.eps, curve.low, curve.high, color=shown["color"], alpha=0.15, linewidth=0)
    axes.plot(
        curve.eps,
        curve.mean,
        linestyle="--" if curve.masked else "-",
        linewidth=2.8 if place is None else 2,
        markeredgecolor="white",
        markeredgewidth=0.6,
        label=curve.label + curve.masked * ": gradient masked",
        **shown,
    )


def _scales(axes: Axes, group: ComparisonGroup, panel: Panel) -> None:
    radius_axis(axes, max(group.eps), group.attack.norm)
    if panel is Panel.B:
        axes.set_ylabel("drop in accuracy, points")
        return
    chance_lines(axes, group)
    axes.set_ylim(-1.5, 101.5)
    axes.set_ylabel("accuracy, %")


def _words(group: ComparisonGroup, panel: Panel) -> str:
    what = "accuracy" if panel is Panel.A else "accuracy(0) - accuracy(eps)"
    return f"{what}, {group.attacker}"
