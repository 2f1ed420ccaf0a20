"""Beyond the internship's figures: accuracy by setting at chosen radii, and the difference to the control at every one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.comparison.verdict import LEVEL, Judged, points
from bench.report.comparisons import compare_each_eps
from bench.report.curve import LINE, WIDTH
from bench.report.figures import MARKERS, lines
from bench.report.lineup import Lineup
from bench.report.panels import Panel
from bench.report.press import STYLE
from bench.report.records import Records
from bench.report.table import Table

CHOSEN = (1.0, 2.0, 4.0)
GREYS = ("0.0", "0.35", "0.6")
REACH = 30.0  # points at which the colours of the heat map end


def by_setting(lineup: Lineup, records: Records, table: Table) -> Figure | None:
    """Return accuracy at eps 1, 2 and 4 against the setting that varies, the control first; None under two networks.

    Bars are 95 % intervals; a dotted line goes on from the control. A masked attack has a hollow marker.
    """
    curves = lines(lineup, records, table, Panel.A.quantity)
    radii = [radius for radius in CHOSEN if radius in lineup.eps]
    if len(curves) < 2 or not radii:
        return None
    what = f"accuracy at eps {', '.join(f'{radius:g}' for radius in radii)}; {lineup.attacker}"
    note = "Bars: 95 % interval. Dotted: the control."
    note += " Hollow: the gradient is masked." if any(curve.masked for curve in curves) else ""
    with _style():
        figure, axes = _framed(lineup, table, what, note)
        for radius, grey, marker in zip(radii, GREYS, MARKERS, strict=False):
            at = lineup.eps.index(radius)
            mean, low, high = (
                np.array([getattr(each, part)[at] for each in curves]) for part in ("mean", "low", "high")
            )
            axes.plot(range(len(curves)), mean, color=grey, linewidth=2, marker=marker, label=f"eps {radius:g}")
            for place, each in enumerate(curves):
                bars = [[mean[place] - low[place]], [high[place] - mean[place]]]
                face = "white" if each.masked else grey
                axes.errorbar(place, mean[place], bars, color=grey, marker=marker, markersize=8, mfc=face, capsize=4)
            if curves[0].control:
                axes.axhline(mean[0], color=grey, linestyle=":", linewidth=1.2)
        axes.set_xticks(range(len(curves)), [each.label for each in curves])
        axes.set_ylim(bottom=0)
        axes.set_ylabel("accuracy, %")
        _legend_above(axes)
    return figure


def by_compression(lineup: Lineup, records: Records, table: Table) -> Figure | None:
    """Return clean accuracy and accuracy at eps 1, 2 and 4 against compression; None where all networks are of one size.

    Compression is the control's parameters over the run's non-zero ones, on a logarithmic axis; bars are 95 % intervals.
    """
    sizes = {
        label.text: cell.number
        for label, cell in zip(table.column("network"), table.column("compression"), strict=True)
        if cell.number is not None
    }
    curves = [each for each in lines(lineup, records, table, Panel.A.quantity) if each.label in sizes]
    curves.sort(key=lambda each: float(sizes[each.label] or 0))
    x = [sizes[each.label] for each in curves]
    if len({f"{ratio:.2f}" for ratio in x}) < 2:
        return None
    note = "Bars: 95 % interval. Compression counts parameters that are not zero, and no bytes of an index."
    with _style():
        figure, axes = _framed(lineup, table, f"accuracy against compression; {lineup.attacker}", note)
        radii = [radius for radius in (0.0, *CHOSEN) if radius in lineup.eps]
        for radius, grey, marker in zip(radii, ("0.0", "0.3", "0.5", "0.65"), MARKERS, strict=False):
            at = lineup.eps.index(radius)
            mean = [each.mean[at] for each in curves]
            bars = [
                [each.mean[at] - each.low[at] for each in curves],
                [each.high[at] - each.mean[at] for each in curves],
            ]
            label = f"eps {radius:g}" if radius else "clean"
            axes.errorbar(x, mean, bars, color=grey, marker=marker, markersize=8, capsize=4, linewidth=2, label=label)
        axes.set_xscale("log")
        axes.set_xticks(x, [f"{ratio:.3g}x\n{each.label}" for ratio, each in zip(x, curves, strict=True)])
        axes.minorticks_off()
        axes.tick_params(axis="x", labelsize="small")
        axes.set_ylim(bottom=0)
        axes.set_ylabel("accuracy, %")
        _legend_above(axes)
    return figure


def heat_map(lineup: Lineup, records: Records, table: Table) -> Figure | None:
    """Return the paired difference to the control, in points, run by eps; None where no run can be compared.

    A star is a difference at p below 0.05 after Holm over the whole map, with three seeds; it is never set on a masked one.
    """
    judged = compare_each_eps(lineup, records)
    runs = [run for run in lineup.compared if (run.name, lineup.eps[-1]) in judged]
    radii = lineup.eps[1:]
    if not runs or not radii:
        return None
    cells = [[judged[run.name, radius] for radius in radii] for run in runs]
    note = "Blue: more accurate than the control; red: less. Star: p below 0.05 after Holm over the map, three seeds."
    note += " m: the gradient is masked." if any(each.masked for row in cells for each in row) else ""
    with _style():
        figure, axes = _framed(lineup, table, f"difference in accuracy to the control; {lineup.attacker}", note)
        _coloured(axes, cells)
        axes.set_xticks([place + 0.5 for place in range(len(radii))], [f"{radius:g}" for radius in radii])
        axes.set_yticks([place + 0.5 for place in range(len(runs))], [lineup.label(run) for run in runs])
        axes.set_xlabel("eps: largest change of a pixel, in levels of 0 to 255")
    return figure


OVERVIEWS: dict[str, Callable[[Lineup, Records, Table], Figure | None]] = {
    "by-setting": by_setting,
    "by-compression": by_compression,
    "heat": heat_map,
}


def _legend_above(axes: Axes) -> None:
    # Inside, it would lie on one of the lines, which cross the whole width.
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False, fontsize="small")


def _coloured(axes: Axes, cells: Sequence[Sequence[Judged]]) -> None:
    """Fill ``axes`` with a coloured cell for each difference, the number in it."""
    values = np.array([[100 * each.effect.difference for each in row] for row in cells])
    mesh = axes.pcolormesh(values, cmap="RdBu", vmin=-REACH, vmax=REACH, edgecolors="white", linewidth=1)
    for (row, column), value in np.ndenumerate(values):
        colour = "white" if abs(value) > 0.6 * REACH else "0.1"
        words = _words(cells[row][column])
        axes.text(column + 0.5, row + 0.5, words, ha="center", va="center", fontsize=10.5, color=colour)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.figure.colorbar(mesh, ax=axes, extend="both", label="points", pad=0.02)


def _words(judged: Judged) -> str:
    shown = judged.p < LEVEL and judged.enough_seeds and not judged.masked
    return points(judged.effect.difference) + "*" * shown + "\nm" * judged.masked


@contextmanager
def _style() -> Iterator[None]:
    with (
        sns.axes_style("whitegrid", {"grid.color": "0.9"}),
        sns.plotting_context("talk", font_scale=0.8),
        plt.rc_context(STYLE),
    ):
        yield


def _framed(lineup: Lineup, table: Table, what: str, note: str) -> tuple[Figure, Axes]:
    """Return an empty figure with its title and its caption."""
    caption = [line for text in (table.caption, note) for line in textwrap.wrap(text, WIDTH, subsequent_indent="   ")]
    figure, axes = plt.subplots(figsize=(9, 5.4 + LINE * len(caption)), dpi=160, layout="constrained")
    figure.suptitle(f"{lineup.title}\n{what}", x=0.01, ha="left", fontweight="bold", fontsize="medium")
    figure.supxlabel("\n".join(caption), fontsize=10, color="0.25", x=0.01, ha="left")
    return figure, axes
