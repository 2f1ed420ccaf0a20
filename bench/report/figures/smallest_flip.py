"""The smallest flipping eps of the internship's equation 10, as a cumulative curve over images."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bench.comparison.group import ComparisonGroup
from bench.comparison.intervals import hierarchical
from bench.comparison.masked_networks import is_masked
from bench.report.figures.accuracy_curves import MASKED
from bench.report.figures.style import Line, band, blank, eps_axes, framed, looks_of, style
from bench.report.tables.table import Table
from bench.report.wording import intervals_shown, seeds_in_words

NOTE = (
    "Of the images classified correctly at eps 0: the fraction whose smallest flipping eps is at most eps. It is the first "
    "eps of the grid at which the class is not the clean one (equation 10 of the internship report)."
)


def flip_curves(group: ComparisonGroup) -> list[Line]:
    """Return the images flipped up to each radius, of each run that classifies some image correctly at eps 0."""
    found, shaded = [], intervals_shown(group)
    for run in group.runs:
        attacked = group.attacked(run)
        rows = {seed: (each.outcomes.indices, each.outcomes.flipped(group.eps)) for seed, each in attacked.items()}
        rows = {seed: row for seed, row in rows.items() if np.isfinite(row[1]).all()}
        if rows:
            means = hierarchical(list(rows.values()))
            mean, low, high = (tuple(100 * np.clip(each, 0, 1)) for each in (means.mean, means.low, means.high))
            seeds = {seed: tuple(map(float, 100 * values.mean(axis=1))) for seed, (_, values) in rows.items()}
            found.append(Line(run, mean, low, high, bool(is_masked(attacked)), seeds, shaded))
    return found


@style()
def flips(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return the cumulative curve of the smallest flipping eps for each run. None where nothing was attacked.

    The legend has the fraction that flips at no radius of the grid.
    """
    curves, looks = flip_curves(group), looks_of(group)
    if not curves or len(group.eps) < 2:
        return None
    note = f"{seeds_in_words(group, 'Shaded')} Never: at no eps up to {group.eps[-1]:g}."
    masked = MASKED if any(each.masked for each in curves) else ""
    figure, (axes,) = blank()
    for each in curves:
        label = f"{group.label(each.run)}: {100 - each.mean[-1]:.1f} % never"
        band(axes, group.eps, each, looks[each.run], label, "steps-post")
    axes.set_ylim(-1.5, 101.5)
    eps_axes(axes, max(group.eps), group.attack.norm, "flipped, % of images correct at eps 0")
    what = f"images flipped, by the smallest flipping eps; {group.attacker}"
    return framed(figure, group.title, what, (table.caption, NOTE, note, masked))
