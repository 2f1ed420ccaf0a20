"""The style of every picture of the report: title above, caption below, a colour and a marker for each run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import TightLayoutEngine

from bench.attacks.norms import Norm
from bench.comparison.group import ComparisonGroup
from bench.report.wording import chances

TICKS = (0, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 255, 512, 1024, 2048, 4096, 8192)
WIDTH = 124  # characters of a line of the caption
LINE = 0.17  # its height, inches
# Text stays text in an SVG: it takes a third of the bytes of outlines, and can be searched.
STYLE: Any = {"svg.hashsalt": "bench", "svg.fonttype": "none", "font.family": "DejaVu Sans"}
MARKERS = "osD^vP<X>"
# From dark to light, as a photocopy keeps it. The ends of the map are too near to black and to white.
SHADES = ("viridis", 0.18, 0.84)
DPI = 128
# Inches: the width of a picture, a line of the title, one of a legend, the ticks and the label below axes, and the edge.
WIDE, TITLE, LEGEND, BELOW, EDGE = 9.0, 0.25, 0.27, 0.75, 0.1
TITLE_WIDTH = 78  # characters


@contextmanager
def style() -> Iterator[None]:
    """Draw in the fonts, sizes and greys of the report."""
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
    legend: Sequence[str] = (),
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a title and a caption, and its empty axes, row by row. Rows share x and columns share y.

    Args:
        title: in bold, above ``what``.
        what: what is shown.
        caption: below the axes, a paragraph each.
        heights: of the rows of axes, inches.
        columns: of axes.
        legend: the labels of a legend above the axes.
    """
    head = textwrap.wrap(title, TITLE_WIDTH - 14)
    above = [*head, *textwrap.wrap(_whole(what), TITLE_WIDTH)]
    below = [line for text in caption for line in textwrap.wrap(_whole(text), WIDTH, subsequent_indent="   ")]
    lines = -(-len(legend) // legend_columns(legend)) if legend else 0
    top, bottom = EDGE + TITLE * len(above) + LEGEND * lines, EDGE + LINE * len(below)
    height = top + sum(heights) + BELOW + bottom
    rect = (0, bottom / height, 1, 1 - top / height)
    figure = Figure(figsize=(WIDE, height), dpi=DPI, layout=TightLayoutEngine(pad=0.4, rect=rect))
    FigureCanvasAgg(figure)
    x, y = EDGE / WIDE, 1 - EDGE / height
    figure.text(x, y, "\n".join(head), va="top", fontweight="bold", fontsize="medium")
    figure.text(x, y - TITLE * len(head) / height, "\n".join(above[len(head) :]), va="top", fontsize="medium")
    figure.text(x, EDGE / height, "\n".join(below), va="bottom", fontsize=10, color="0.25")
    axes = figure.subplots(len(heights), columns, sharex="col", sharey="row", squeeze=False, height_ratios=heights)
    return figure, list(axes.flat)


def settle(figure: Figure) -> None:
    """Lay out ``figure`` and keep the places: every file of it has the same ones."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _whole(text: str) -> str:
    """Return ``text`` with spaces that do not break around its equals signs: "T = 1"."""
    return text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns of a legend fit above the axes."""
    return max(1, min(len(labels), int(8.5 / (0.68 + 0.092 * max(map(len, labels))))))


def legend_above(figure: Figure, handles: Sequence[Artist]) -> None:
    """Put a legend between title and axes: inside, it would cover lines that cross the whole width."""
    engine = figure.get_layout_engine()
    assert engine
    figure.legend(
        handles=list(handles),
        loc="lower left",
        bbox_to_anchor=(0, engine.get()["rect"][3]),
        borderaxespad=0.2,
        ncols=legend_columns([str(each.get_label()) for each in handles]),
        frameon=False,
        fontsize="small",
        columnspacing=1.4,
        handletextpad=0.5,
    )


def series_style(place: int | None, count: int) -> dict[str, Any]:
    """Return colour and marker of the run at ``place`` of ``count``, from dark to light. The control, None, is a black star."""
    name, first, last = SHADES
    if place is None:
        return {"color": "black", "marker": "*", "markersize": 11}
    shade = matplotlib.colormaps[name](first + (last - first) * place / max(1, count - 1))
    return {"color": shade, "marker": MARKERS[place % len(MARKERS)], "markersize": 7}


def radius_axis(axes: Axes, furthest: float, norm: Norm) -> None:
    """Make the x axis one of radii in ``norm`` up to ``furthest``: linear up to 1, logarithmic beyond."""
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
