"""The frame that every picture of the report stands in: title above, caption below, margins in inches, one series_style a run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.attacks.norms import Norm
from bench.comparison.group import ComparisonGroup
from bench.report.wording import chances

TICKS = (0, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 255, 512, 1024, 2048, 4096, 8192)
WIDTH = 124  # characters of a line of the caption
LINE = 0.17  # its height, inches
# Text stays text in an SVG: a third of the bytes of outlines, and it can be searched.
STYLE: Any = {"svg.hashsalt": "bench", "svg.fonttype": "none", "font.family": "DejaVu Sans"}
MARKERS = "osD^vP<X>"
# From dark to light, as a photocopy keeps it; the ends of the map are too near to black and to the paper.
SHADES = ("viridis", 0.18, 0.84)
DPI = 128
WIDE = 9.0
# Inches: a line of the title, one of a legend, the space at the outer edges and that between rows of axes.
TITLE, LEGEND, EDGE, GAP = 0.25, 0.27, 0.1, 0.18
TITLE_WIDTH = 78  # characters
# Inches of a legend: a character, what stands about a label, and all that there is.
CHARACTER, ABOUT, LEGEND_WIDE = 0.092, 0.68, 8.5


@contextmanager
def style() -> Iterator[None]:
    """Draw in the report's fonts, sizes and greys for a while."""
    with (
        sns.axes_style("whitegrid", {"grid.color": "0.9", "axes.edgecolor": "0.6"}),
        sns.plotting_context("talk", font_scale=0.8),
        matplotlib.rc_context(STYLE),
    ):
        yield


def framed(
    title: str,
    what: str,
    caption: Sequence[str],
    *,
    heights: Sequence[float] = (4.1,),
    columns: int = 1,
    left: float = 0.95,
    right: float = 0.2,
    ticks: float = 0.72,
    legend: Sequence[str] = (),
) -> tuple[Figure, list[Axes]]:
    """Return a figure with its title and its caption, and its empty axes, row by row; rows share x and columns y.

    ``heights`` (one a row), ``left``, ``right`` and ``ticks``, the room for what stands below the last row, are in inches;
    ``legend`` has the labels of a legend above the axes. Margins are given, since matplotlib's own layout would take a
    third of the time of a picture to find them.
    """
    head, above = textwrap.wrap(title, TITLE_WIDTH - 14), textwrap.wrap(_whole(what), TITLE_WIDTH)
    below = [line for text in caption for line in textwrap.wrap(_whole(text), WIDTH, subsequent_indent="   ")]
    columns_of_legend = legend_columns(legend)
    top = 2 * EDGE + TITLE * len(head + above) + LEGEND * -(-len(legend) // columns_of_legend)
    bottom = EDGE + LINE * len(below) + ticks
    height = top + sum(heights) + GAP * (len(heights) - 1) + bottom
    margins = {"left": left / WIDE, "right": 1 - right / WIDE, "top": 1 - top / height, "bottom": bottom / height}
    spaces = {"hspace": GAP * len(heights) / sum(heights), "wspace": 0.06, "height_ratios": heights}
    figure = Figure(figsize=(WIDE, height), dpi=DPI)
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        len(heights),
        columns,
        sharex="col",
        sharey="row",
        squeeze=False,
        gridspec_kw={**margins, **spaces},
    )
    x, y = EDGE / WIDE, 1 - EDGE / height
    figure.text(x, y, "\n".join(head), va="top", fontweight="bold", fontsize="medium")
    figure.text(x, y - TITLE * len(head) / height, "\n".join(above), va="top", fontsize="medium")
    figure.text(x, EDGE / height, "\n".join(below), va="bottom", fontsize=10, color="0.25")
    return figure, list(axes.flat)


def room_for(labels: Sequence[str]) -> float:
    """Return the room, in inches, that the labels of the ticks of an x axis without a title take."""
    return 0.2 + 0.22 * max(label.count("\n") + 1 for label in labels)


def _whole(text: str) -> str:
    """Return ``text`` with spaces that no line ends at around its equals signs: "T = 1"."""
    return text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns of a legend above the axes have room beside each other."""
    for columns in range(len(labels), 1, -1):
        parts = np.array_split(np.array([ABOUT + CHARACTER * len(label) for label in labels]), columns)
        if sum(part.max() for part in parts) <= LEGEND_WIDE:
            return columns
    return 1


def legend_above(figure: Figure, axes: Axes, handles: Sequence[Artist]) -> None:
    """Put a legend between the title and ``axes``: inside, it would lie on lines that cross the whole width."""
    place = axes.get_position()
    figure.legend(
        handles=list(handles),
        loc="lower left",
        bbox_to_anchor=(place.x0 - 0.01, place.y1),
        borderaxespad=0.2,
        ncols=legend_columns([str(each.get_label()) for each in handles]),
        frameon=False,
        fontsize="small",
        columnspacing=1.4,
        handletextpad=0.5,
    )


def series_style(place: int | None, count: int) -> dict[str, Any]:
    """Return colour and marker of the run at ``place`` of ``count``, from dark to light; the control, None, is a black star."""
    name, first, last = SHADES
    if place is None:
        return {"color": "black", "marker": "*", "markersize": 11}
    shade = matplotlib.colormaps[name](first + (last - first) * place / max(1, count - 1))
    return {"color": shade, "marker": MARKERS[place % len(MARKERS)], "markersize": 7}


def radius_axis(axes: Axes, furthest: float, norm: Norm) -> None:
    """Make the x axis one of radii in ``norm`` up to ``furthest``: linear to 1, logarithmic beyond."""
    axes.set_xscale("symlog", linthresh=1, linscale=1.5)
    shown = [tick for tick in TICKS if tick <= furthest]
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.set_xlim(-0.03, furthest * 1.1)
    axes.set_xlabel(norm.axis)
    axes.minorticks_off()


def chance_lines(axes: Axes, group: ComparisonGroup) -> None:
    """Draw the accuracy of a guess as a dotted line."""
    for label, accuracy in chances(group).items():
        axes.axhline(accuracy, color="0.4", linestyle=":", linewidth=1.6, label=label)
