"""The smallest flipping eps of the internship's equation 10, as a cumulative curve over images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.comparison.group import ComparisonGroup
from bench.comparison.intervals import hierarchical
from bench.comparison.masking import is_masked
from bench.records.outcomes import Floats
from bench.report.figures.accuracy_curves import MASKED
from bench.report.figures.style import framed, radius_axis, series_style, style
from bench.report.tables.table import Table
from bench.report.wording import seeds_in_words
from bench.spec.run import Run

NOTE = (
    "Of the images classified correctly at eps 0: the fraction whose smallest flipping eps is at most eps. It is the first "
    "radius of the grid at which the class is not the clean one (equation 10 of the internship report)."
)


@dataclass(frozen=True)
class Flips:
    """The curve of a run: the images flipped up to each radius, in percent, with the 95 % interval; arrays (k,)."""

    run: Run
    mean: Floats
    low: Floats
    high: Floats
    masked: bool

    @property
    def never(self) -> float:
        """The images that flip at no radius of the grid, in percent."""
        return 100 - float(self.mean[-1])


def flip_curves(group: ComparisonGroup) -> list[Flips]:
    """Return the mean curve over seeds of each run that classifies some image correctly at eps 0."""
    found = []
    for run in group.runs:
        attacked = group.attacked(run)
        rows = [(each.outcomes.indices, each.outcomes.flipped(group.eps)) for each in attacked.values()]
        rows = [(indices, values) for indices, values in rows if np.isfinite(values).all()]
        if rows:
            means = hierarchical(rows)
            low, high = np.clip(means.low, 0, 1), np.clip(means.high, 0, 1)
            masked = bool(is_masked(attacked))
            found.append(Flips(run, 100 * means.mean, 100 * low, 100 * high, masked))
    return found


def flips(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return the cumulative curve of the smallest flipping eps for each run. None where nothing was attacked.

    The legend has the fraction that flips at no radius of the grid.
    """
    curves = flip_curves(group)
    if not curves or len(group.eps) < 2:
        return None
    note = f"{seeds_in_words(group, 'Shaded')} Never: at no radius up to {group.eps[-1]:g}."
    masked = MASKED if any(each.masked for each in curves) else ""
    with style():
        what = f"images flipped, by the smallest flipping eps; {group.attacker}"
        figure, (axes,) = framed(group.title, what, (table.caption, NOTE, note, masked))
        places = {run: place for place, run in enumerate(group.compared)}
        for each in curves:
            _steps(axes, each, group, series_style(places.get(each.run), len(places)))
        radius_axis(axes, max(group.eps), group.attack.norm)
        axes.set_ylim(-1.5, 101.5)
        axes.set_ylabel("flipped, % of images correct at eps 0")
        axes.legend(loc="best", frameon=True, framealpha=0.9, fontsize="small").set_in_layout(False)
    return figure


def _steps(axes: Axes, curve: Flips, group: ComparisonGroup, shown: dict[str, Any]) -> None:
    axes.fill_between(group.eps, curve.low, curve.high, step="post", color=shown["color"], alpha=0.13, linewidth=0)
    axes.plot(
        group.eps,
        curve.mean,
        drawstyle="steps-post",
        linestyle="--" if curve.masked else "-",
        linewidth=2,
        markeredgecolor="white",
        markeredgewidth=0.6,
        label=f"{group.label(curve.run)}: {curve.never:.1f} % never",
        **shown,
    )
