"""Accuracy against compression in parameters, multiply-accumulates and bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from bench.comparison.group import ComparisonGroup, control_of
from bench.report.figures.accuracy_curves import Line, lines
from bench.report.figures.pareto_front import WORDS, draw_front
from bench.report.figures.style import chance_lines, framed, legend_above, series_style, style
from bench.report.panels import Panel
from bench.report.tables.table import Table
from bench.report.wording import chances, seeds_in_words

# Networks differ here; at the largest radii all are near chance.
CHOSEN = 2.0
CURRENCIES = {"compression": "parameters", "theoretical speed-up": "MACs", "gzip bytes": "gzip bytes"}
NOTE = (
    "Ratios of the control to the run: parameters that are not zero, without the bytes of an index; multiply-accumulates "
    "(MACs) by them, a theoretical speed-up, nothing was timed; float32 weights after gzip."
)


def chosen_radius(eps: tuple[float, ...]) -> float | None:
    """Return the radius that a picture of a single radius shows: the nearest to 2. None where 0 is the only one."""
    return min((radius for radius in eps if radius), key=lambda radius: abs(radius - CHOSEN), default=None)


def ratios(group: ComparisonGroup, table: Table, currency: str) -> dict[str, float]:
    """Return by label how many times smaller than its control each network is, in a column of ``CURRENCIES``."""
    cells = dict(zip((run.name for run in group.runs), table.column(currency), strict=True))
    found = {}
    for run in group.runs:
        own, whole = cells[run.name].number, cells[control_of(run).name].number
        if own is not None and whole is not None:
            found[group.label(run)] = whole / own if currency == "gzip bytes" else own
    return found


def by_compression(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return clean accuracy and accuracy near eps 2 against compression. None where all networks are of one size.

    There is a panel for each unit, with the Pareto front of both accuracies. Bars are 95 % intervals. A network with a
    masked gradient has a hollow marker, and is not on the front under attack.
    """
    sizes = {currency: ratios(group, table, currency) for currency in CURRENCIES}
    curves = lines(group, table, Panel.A.quantity)
    curves = [each for each in curves if all(each.label in known for known in sizes.values())]
    radius = chosen_radius(group.eps)
    if radius is None or len({f"{sizes['compression'][each.label]:.2f}" for each in curves}) < 2:
        return None
    masked = " Hollow: the gradient is masked; not on the front under attack." * any(each.masked for each in curves)
    note = f"{seeds_in_words(group, 'Bars')} {WORDS}.{masked}"
    what = f"accuracy against compression, clean and at eps {radius:g}; {group.attacker}"
    with style():
        fronts = ("front, clean", f"front at eps {radius:g}")
        marks = [*[each.label for each in curves], *fronts, *chances(group)]
        figure, panels = framed(group.title, what, (table.caption, NOTE, note), columns=3, legend=marks)
        others = [group.label(run) for run in group.compared]
        looks = {
            each.label: series_style(None if each.control else others.index(each.label), len(others)) for each in curves
        }
        for axes, (currency, words) in zip(panels, CURRENCIES.items(), strict=True):
            _panel(axes, curves, sizes[currency], looks, group.eps.index(radius), fronts)
            chance_lines(axes, group)
            axes.set_xlabel(f"times fewer {words}")
        panels[0].set_ylabel("accuracy, %")
        panels[0].set_ylim(bottom=0)
        points = [Line2D([], [], linestyle="", label=label, **shown) for label, shown in looks.items()]
        legend_above(figure, [*points, *panels[0].get_legend_handles_labels()[0]])
    return figure


def _panel(
    axes: Axes,
    curves: list[Line],
    sizes: Mapping[str, float],
    looks: Mapping[str, dict[str, Any]],
    at: int,
    fronts: tuple[str, str],
) -> None:
    for each in curves:
        x, shown = sizes[each.label], looks[each.label]
        for place, hollow in ((0, False), (at, each.masked)):
            bars = [[each.mean[place] - each.low[place]], [each.high[place] - each.mean[place]]]
            face = "white" if hollow else shown["color"]
            axes.errorbar([x], [each.mean[place]], bars, mfc=face, capsize=3, linestyle="", elinewidth=1.2, **shown)
    clean = [(sizes[each.label], each.mean[0]) for each in curves]
    attacked = [(sizes[each.label], each.mean[at]) for each in curves if not each.masked]
    draw_front(axes, clean, fronts[0], "-")
    draw_front(axes, attacked, fronts[1], "-.")
    times_axis(axes, list(sizes.values()))


def times_axis(axes: Axes, sizes: list[float]) -> None:
    """Make the x axis a logarithmic one of ratios, with some room at both ends of ``sizes``."""
    span = max(sizes) / min(sizes)
    room = max(1.02, span**0.08)
    axes.set_xscale("log")
    axes.set_xlim(min(sizes) / room, max(sizes) * room)
    few, many = MaxNLocator(3, steps=[1, 2, 5, 10]), LogLocator(subs=(1, 3) if span > 12 else (1, 2, 5))
    axes.xaxis.set_major_locator(many if span > 4 else few)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}x"))
    axes.xaxis.set_minor_locator(NullLocator())
