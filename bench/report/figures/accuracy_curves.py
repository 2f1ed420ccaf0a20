"""The two panels of a figure: accuracy and drop against eps, a curve for each run, drawn from the cells of its table."""

from __future__ import annotations

from matplotlib.figure import Figure

from bench.comparison.group import ComparisonGroup
from bench.comparison.masked_networks import is_masked
from bench.records.outcomes import Quantity
from bench.report.figures.style import Line, band, blank, chance_lines, eps_axes, framed, looks_of, style
from bench.report.panels import Panel
from bench.report.tables.table import Cell, Table
from bench.report.wording import seeds_in_words

MASKED = "Dashed: the gradient is masked. The attack failed there, and the accuracy that it leaves is no robustness."
DROP = "accuracy(0) - accuracy(eps)"
ZERO = Cell("", 0.0, low=0.0, high=0.0)


def lines(group: ComparisonGroup, table: Table, quantity: Quantity) -> list[Line]:
    """Return a line for each attacked run of ``group``, with the numbers of ``table``. The drop at eps 0 is 0."""
    found = []
    for run, cells in zip(group.runs, table.by_name, strict=True):
        attacked = group.attacked(run)
        if attacked:
            points = [in_percent(cells.get(f"{quantity} at eps {radius:g}", ZERO)) for radius in group.eps]
            mean, low, high = zip(*points, strict=True)
            found.append(Line(run, mean, low, high, bool(is_masked(attacked))))
    return found


def in_percent(cell: Cell) -> tuple[float, float, float]:
    """Return the mean of ``cell`` and the ends of its interval in percent."""
    mean, low, high = (100 * float("nan" if each is None else each) for each in (cell.number, cell.low, cell.high))
    return mean, min(low, mean), max(high, mean)  # an interval at 0 or 1 can miss its own mean by a rounding


@style()
def draw(group: ComparisonGroup, table: Table, panel: Panel) -> Figure:
    """Return the figure of ``panel``: the mean of each run over its seeds with its interval, from dark to light.

    The control is black. A line is dashed where the gradient is masked; legend and caption say so.
    """
    curves, looks = lines(group, table, panel.quantity), looks_of(group)
    caption = [table.caption, seeds_in_words(group, "Shaded"), *[MASKED] * any(each.masked for each in curves)]
    figure, (axes,) = blank()
    for each in curves:
        label = group.label(each.run) + each.masked * ": gradient masked"
        band(axes, group.eps, each, looks[each.run], label)
    if panel is Panel.A:
        chance_lines(axes, group)
        axes.set_ylim(-1.5, 101.5)
    unit, what = ("accuracy, %", "accuracy") if panel is Panel.A else ("drop in accuracy, points", DROP)
    eps_axes(axes, max(group.eps), group.attack.norm, unit)
    return framed(figure, group.title, f"{what}, {group.attacker}", caption)
