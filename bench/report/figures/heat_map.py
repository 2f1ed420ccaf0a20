"""The difference to the control at every radius, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.comparison.against_control import compare_each_eps
from bench.comparison.group import ComparisonGroup
from bench.comparison.verdict import LEVEL, Judged, points
from bench.report.figures.style import framed, style
from bench.report.tables.table import Table
from bench.report.wording import seeds_in_words

REACH = 30.0  # points, the end of the colours
ROW = 0.7  # inches


def heat_map(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return the paired difference to the control in points, by run and eps. None where no run can be compared.

    A star marks p below 0.05 with Holm's correction over the map, at three seeds, where the gradient is not masked.
    """
    judged = compare_each_eps(group)
    runs = [run for run in group.compared if (run.name, group.eps[-1]) in judged]
    radii = group.eps[1:]
    if not runs or not radii:
        return None
    cells = [[judged[run.name, radius] for radius in radii] for run in runs]
    note = "Blue: more accurate than the control; red: less. Star: p below 0.05 with Holm's correction over the map, three seeds."
    note += " m: the gradient is masked." if any(each.masked for row in cells for each in row) else ""
    labels = [group.label(run) for run in runs]
    with style():
        figure, (axes,) = framed(
            group.title,
            f"difference in accuracy to the control; {group.attacker}",
            (table.caption, f"{seeds_in_words(group)} {note}"),
            heights=(max(1.5, ROW * len(runs)),),
        )
        _coloured(axes, cells)
        axes.set_xticks([place + 0.5 for place in range(len(radii))], [f"{radius:g}" for radius in radii])
        axes.set_yticks([place + 0.5 for place in range(len(runs))], labels)
        axes.set_xlabel(group.attack.norm.axis)
    return figure


def _coloured(axes: Axes, cells: Sequence[Sequence[Judged]]) -> None:
    """Fill ``axes`` with a coloured cell for each difference, with its number."""
    values = np.array([[100 * each.effect.difference for each in row] for row in cells])
    mesh = axes.pcolormesh(values, cmap="RdBu", vmin=-REACH, vmax=REACH, edgecolors="white", linewidth=1)
    size = 10.5 if len(cells[0]) <= 10 else 9.5
    for (row, column), value in np.ndenumerate(values):
        colour = "white" if abs(value) > 0.6 * REACH else "0.1"
        words = _words(cells[row][column])
        axes.text(column + 0.5, row + 0.5, words, ha="center", va="center", fontsize=size, color=colour)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.figure.colorbar(mesh, ax=axes, extend="both", label="points", pad=0.02)


def _words(judged: Judged) -> str:
    shown = judged.p < LEVEL and judged.enough_seeds and not judged.masked
    return points(judged.effect.difference) + "*" * shown + "\nm" * bool(judged.masked)
