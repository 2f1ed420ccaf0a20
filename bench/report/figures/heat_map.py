"""The difference to the control at every radius, as a heat map."""

from __future__ import annotations

import seaborn as sns
from matplotlib.figure import Figure

from bench.comparison.against_control import compare_each_eps
from bench.comparison.group import ComparisonGroup
from bench.comparison.verdict import LEVEL, Judged, points
from bench.report.figures.style import blank, framed, style
from bench.report.tables.table import Table
from bench.report.wording import seeds_in_words

REACH = 30.0  # points, the end of the colours
ROW = 0.7  # inches


@style()
def heat_map(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return the paired difference to the control in points, by run and eps. None where no run can be compared.

    A star marks p below 0.05 with Holm's correction over the map, at three seeds, where both networks learned and the
    gradient is not masked.
    """
    judged = compare_each_eps(group)
    runs = [run for run in group.compared if (run.name, group.eps[-1]) in judged]
    radii = group.eps[1:]
    if not runs or not radii:
        return None
    cells = [[judged[run.name, radius] for radius in radii] for run in runs]
    figure, (axes,) = blank((max(1.5, ROW * len(runs)),))
    sns.heatmap(
        [[100 * each.effect.difference for each in row] for row in cells],
        annot=[[_words(each) for each in row] for row in cells],
        fmt="",
        annot_kws={"fontsize": 10.5 if len(radii) <= 10 else 9},
        cmap="RdBu",
        vmin=-REACH,
        vmax=REACH,
        linewidths=1,
        cbar_kws={"extend": "both", "label": "points", "pad": 0.02},
        xticklabels=[f"{radius:g}" for radius in radii],
        yticklabels=[group.label(run).replace(", ", "\n") for run in runs],
        ax=axes,
    )
    axes.tick_params(rotation=0)
    axes.tick_params("y", labelsize="small")
    axes.set_xlabel(group.attack.norm.axis)
    note = "Blue: more accurate than the control; red: less. Star: p below 0.05 with Holm's correction over the map, three seeds."
    note += " m: the gradient is masked." if any(each.masked for row in cells for each in row) else ""
    what = f"difference in accuracy to the control; {group.attacker}"
    return framed(figure, group.title, what, (table.caption, f"{seeds_in_words(group)} {note}"))


def _words(judged: Judged) -> str:
    shown = judged.p < LEVEL and judged.can_be_judged and not judged.masked
    return points(judged.effect.difference) + "*" * shown + "\nm" * bool(judged.masked)
