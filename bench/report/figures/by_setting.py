"""Accuracy at three radii against the setting that varies."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.comparison.group import ComparisonGroup
from bench.report.figures.accuracy_curves import Line, lines
from bench.report.figures.style import MARKERS, chance_lines, framed, legend_above, style
from bench.report.panels import Panel
from bench.report.tables.table import Table
from bench.report.wording import chances, seeds_in_words

CHOSEN = (1.0, 2.0, 4.0)
GREYS = ("0.0", "0.35", "0.6")


def by_setting(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return accuracy at eps 1, 2 and 4 against the setting that varies, the control first. None for fewer than two runs.

    Bars are 95 % intervals. A dashed line marks the control. A network with a masked gradient has a hollow marker.
    """
    curves = lines(group, table, Panel.A.quantity)
    radii = [radius for radius in CHOSEN if radius in group.eps]
    if len(curves) < 2 or not radii:
        return None
    what = f"accuracy at eps {', '.join(f'{radius:g}' for radius in radii)}; {group.attacker}"
    note = "Dashed: the control."
    note += " Hollow: the gradient is masked." if any(curve.masked for curve in curves) else ""
    labels = [each.label.replace(", ", "\n") for each in curves]
    with style():
        caption = (table.caption, f"{seeds_in_words(group, 'Bars')} {note}")
        marks = [*[f"eps {radius:g}" for radius in radii], *chances(group)]
        figure, (axes,) = framed(group.title, what, caption, legend=marks)
        for radius, grey, marker in zip(radii, GREYS, MARKERS, strict=False):
            _level(axes, curves, group.eps.index(radius), {"color": grey, "marker": marker}, f"eps {radius:g}")
        chance_lines(axes, group)
        axes.set_xticks(range(len(curves)), labels)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("accuracy, %")
        legend_above(figure, axes.get_legend_handles_labels()[0])
    return figure


def _level(axes: Axes, curves: list[Line], at: int, shown: dict[str, Any], label: str) -> None:
    """Draw the accuracies of ``curves`` at the radius in place ``at``."""
    mean, low, high = (np.array([getattr(each, part)[at] for each in curves]) for part in ("mean", "low", "high"))
    axes.plot(range(len(curves)), mean, linewidth=2, label=label, **shown)
    for place, each in enumerate(curves):
        bars = [[mean[place] - low[place]], [high[place] - mean[place]]]
        face = "white" if each.masked else shown["color"]
        axes.errorbar(place, mean[place], bars, markersize=8, mfc=face, capsize=4, **shown)
    if curves[0].control:
        axes.axhline(mean[0], color=shown["color"], linestyle="--", linewidth=1)
