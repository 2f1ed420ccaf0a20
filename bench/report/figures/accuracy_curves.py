"""The two panels of a figure: accuracy and drop against eps, a curve for each run, drawn from the cells of its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.comparison.group import ComparisonGroup
from bench.comparison.masked_networks import is_masked
from bench.records.outcomes import Quantity
from bench.report.figures.style import Line, axis_label, band, blank, chance_lines, eps_axes, framed, looks_of, style
from bench.report.panels import Panel
from bench.report.tables.table import Cell, Table
from bench.report.wording import intervals_shown, seeds_in_words
from bench.spec.control import control_of
from bench.spec.run import Run

MASKED = "Dashed: the gradient is masked. The attack failed there, and the accuracy that it leaves is no robustness."
DROP = "accuracy(0) - accuracy(eps)"
ZERO = Cell("", 0.0, low=0.0, high=0.0)


def lines(group: ComparisonGroup, table: Table, quantity: Quantity) -> list[Line]:
    """Return a line for each attacked run of ``group``, with the numbers of ``table``. The drop at eps 0 is 0."""
    found, shaded = [], intervals_shown(group)
    for run, cells in zip(group.runs, table.by_name, strict=True):
        attacked = group.attacked(run)
        if attacked:
            points = [in_percent(cells.get(f"{quantity} at eps {radius:g}", ZERO)) for radius in group.eps]
            mean, low, high = zip(*points, strict=True)
            seeds = {
                seed: tuple(map(float, 100 * each.outcomes.each(quantity, group.eps).mean(axis=1)))
                for seed, each in attacked.items()
            }
            found.append(Line(run, mean, low, high, bool(is_masked(attacked)), seeds, shaded))
    return found


def in_percent(cell: Cell) -> tuple[float, float, float]:
    """Return the mean of ``cell`` and the ends of its interval in percent."""
    mean, low, high = (100 * float("nan" if each is None else each) for each in (cell.number, cell.low, cell.high))
    return mean, min(low, mean), max(high, mean)  # an interval at 0 or 1 can miss its own mean by a rounding


@style()
def draw(group: ComparisonGroup, table: Table, panel: Panel) -> Figure:
    """Return the figure of ``panel``: the mean of each run over its seeds with its interval, from dark to light.

    The control is black. A line is dashed where the gradient is masked; legend and caption say so. Below is the difference
    to the control over the seeds that both have, on a scale of its own: lines that lie on one another above are apart there.
    """
    curves, looks = lines(group, table, panel.quantity), looks_of(group)
    caption = [table.caption, seeds_in_words(group, "Shaded"), *[MASKED] * any(each.masked for each in curves)]
    differences = _differences(curves)
    figure, (axes, *below) = blank((4.1, 1.5) if differences else (4.1,))
    for each in curves:
        label = group.label(each.run) + each.masked * ": gradient masked"
        band(axes, group.eps, each, looks[each.run], label)
    if panel is Panel.A:
        chance_lines(axes, group)
        axes.set_ylim(-1.5, 101.5)
    unit, what = ("accuracy, %", "accuracy") if panel is Panel.A else ("drop in accuracy, points", DROP)
    eps_axes(axes, max(group.eps), group.attack.norm, unit)
    for under in below:
        axes.set_xlabel("")
        _draw_differences(under, group, differences, looks)
    return framed(figure, group.title, f"{what}, {group.attacker}", caption)


def _differences(curves: Sequence[Line]) -> dict[Run, list[float]]:
    """Return the mean difference of each run to its control, over the seeds that both have; none where they share none."""
    seeds = {each.run: each.seeds for each in curves}
    found = {}
    for run, own in seeds.items():
        control = seeds.get(control_of(run), {})
        shared = own.keys() & control.keys()
        if run != control_of(run) and shared:
            pairs = zip(*[(*own[seed], *control[seed]) for seed in sorted(shared)], strict=True)
            means = [sum(values) / len(shared) for values in pairs]
            half = len(means) // 2
            found[run] = [mine - theirs for mine, theirs in zip(means[:half], means[half:], strict=True)]
    return found


def _draw_differences(
    axes: Axes, group: ComparisonGroup, differences: Mapping[Run, Sequence[float]], looks: Mapping[Run, dict[str, Any]]
) -> None:
    axes.axhline(0, color="black", linewidth=1)
    for run, difference in differences.items():
        axes.plot(group.eps, difference, **{**looks[run], "markersize": 4, "linewidth": 1.4})
    axes.set_xlabel(axis_label(group.attack.norm))
    axes.set_ylabel("minus control", fontsize="small")
