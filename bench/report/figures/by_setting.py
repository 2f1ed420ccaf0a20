"""Accuracy at three radii against the setting that varies."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from bench.comparison.group import ComparisonGroup
from bench.report.figures.accuracy_curves import lines
from bench.report.figures.style import MARKERS, bar, blank, chance_lines, framed, network_axis, ordered, style
from bench.report.panels import Panel
from bench.report.tables.table import Table
from bench.report.wording import seeds_in_words
from bench.spec.control import control_of

CHOSEN = (1.0, 2.0, 4.0)
GREYS = ("0.0", "0.35", "0.6")


@style()
def by_setting(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return accuracy at eps 1, 2 and 4 against the setting that varies, the control first. None for fewer than two runs.

    Bars are 95 % intervals. A dashed line marks the control. A network with a masked gradient has a hollow marker.
    """
    curves = lines(group, table, Panel.A.quantity)
    radii = [radius for radius in CHOSEN if radius in group.eps]
    if len(curves) < 2 or not radii:
        return None
    note = "Dashed: the control." + " Hollow: the gradient is masked." * any(each.masked for each in curves)
    figure, (axes,) = blank()
    for radius, grey, marker in zip(radii, GREYS, MARKERS, strict=False):
        at = group.eps.index(radius)
        look: dict[str, Any] = {"color": grey, "marker": marker, "markersize": 8, "linewidth": 2}
        join: dict[str, Any] = {} if ordered(group) else {"linestyle": ""}
        axes.plot([each.mean[at] for each in curves], label=f"eps {radius:g}", **look, **join)
        for place, each in enumerate(curves):
            bar(axes, place, each, at, look, masked=each.masked)
        if curves[0].run == control_of(curves[0].run):
            axes.axhline(curves[0].mean[at], color=grey, linestyle="--", linewidth=1)
    chance_lines(axes, group)
    network_axis(axes, group, [each.run for each in curves])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("accuracy, %")
    what = f"accuracy at eps {', '.join(f'{radius:g}' for radius in radii)}; {group.attacker}"
    caption = (table.caption, f"{seeds_in_words(group, 'Bars')} {note}")
    return framed(figure, group.title, what, caption, axes.get_legend_handles_labels()[0])
