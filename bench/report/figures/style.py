"""The style of every picture of the report: title above, caption below, a colour and a marker for each run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import TightLayoutEngine

from bench.attacks.norms import Norm
from bench.comparison.group import ComparisonGroup
from bench.report.wording import SEEDS_SHOWN, chances
from bench.spec.run import Run

# In units of the eps below which the axis is nearly linear.
TICKS = (0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 255)
WIDTH = 124  # characters of a line of the caption
LINE = 0.17  # its height, inches
# Text stays text in an SVG: it takes a third of the bytes of outlines, and can be searched.
# Without hints letters stand as wide in a PNG as in an SVG, and are drawn in less time.
STYLE: Any = {"svg.hashsalt": "bench", "svg.fonttype": "none", "font.family": "DejaVu Sans", "text.hinting": "none"}
MARKERS = "osD^vP<X>"
CONTROL: dict[str, Any] = {"color": "black", "marker": "*", "markersize": 11, "linewidth": 2.8}
SHADES = (0.18, 0.84)  # of the map: its ends are too near to black and to white
DPI = 128
ACROSS = 78  # characters below the axes of a picture
# Inches: the width of a picture, a line of the title, one of a legend, the ticks and the label below axes, and the edge.
WIDE, TITLE, LEGEND, BELOW, EDGE = 9.0, 0.25, 0.27, 0.75, 0.1
TITLE_WIDTH = 78  # characters


@dataclass(frozen=True)
class Line:
    """The curve of a run: means and ends of their 95 % interval, in the unit of the axes.

    Args:
        seeds: the curve of each seed.
        shaded: whether the interval is drawn. It is not where it would not tell one network from another.
    """

    run: Run
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    masked: bool = False
    seeds: Mapping[int, Sequence[float]] = field(default_factory=dict)
    shaded: bool = True

    @property
    def points(self) -> list[Sequence[float]]:
        """The curves of the seeds that are drawn as points: several, but no crowd."""
        return list(self.seeds.values()) if 1 < len(self.seeds) <= SEEDS_SHOWN else []


@contextmanager
def style() -> Iterator[None]:
    """Draw in the fonts, sizes and greys of the report."""
    with (
        sns.axes_style("whitegrid", {"grid.color": "0.9", "axes.edgecolor": "0.6"}),
        sns.plotting_context("talk", font_scale=0.8),
        matplotlib.rc_context(STYLE),
    ):
        yield


def blank(heights: Sequence[float] = (4.1,), columns: int = 1, sharex: bool = True) -> tuple[Figure, list[Axes]]:
    """Return a figure with empty axes, row by row, without pyplot. ``heights`` of the rows are in inches."""
    figure = Figure(figsize=(WIDE, sum(heights) + BELOW), dpi=DPI)
    FigureCanvasAgg(figure)
    shared: Any = {"sharex": "col" if sharex else False, "sharey": "row", "height_ratios": heights}
    return figure, list(figure.subplots(len(heights), columns, squeeze=False, **shared).flat)


def framed(figure: Figure, title: str, what: str, caption: Sequence[str], legend: Sequence[Artist] = ()) -> Figure:
    """Return ``figure`` with room for its words.

    Args:
        figure: with its axes drawn.
        title: in bold, above ``what``.
        what: what is shown.
        caption: below the axes, a paragraph each.
        legend: what a legend between title and axes explains. Inside, it would cover lines that cross the whole width.
    """
    head = textwrap.wrap(title, TITLE_WIDTH - 14)
    above = [*head, *textwrap.wrap(_whole(what), TITLE_WIDTH)]
    below = [line for text in caption for line in textwrap.wrap(_whole(text), WIDTH, subsequent_indent="   ")]
    columns = legend_columns([str(each.get_label()) for each in legend])
    top, bottom = EDGE + TITLE * len(above) + LEGEND * -(-len(legend) // columns), EDGE + LINE * len(below)
    height = top + figure.get_figheight() + bottom
    figure.set_size_inches(WIDE, height)
    figure.set_layout_engine(TightLayoutEngine(pad=0.4, rect=(0, bottom / height, 1, 1 - top / height)))
    x, y = EDGE / WIDE, 1 - EDGE / height
    figure.text(x, y, "\n".join(head), va="top", fontweight="bold", fontsize="medium")
    figure.text(x, y - TITLE * len(head) / height, "\n".join(above[len(head) :]), va="top", fontsize="medium")
    figure.text(x, EDGE / height, "\n".join(below), va="bottom", fontsize=10, color="0.25")
    if legend:
        place: Any = {"loc": "lower left", "bbox_to_anchor": (0, 1 - top / height), "borderaxespad": 0.2}
        spaces: Any = {"fontsize": "small", "columnspacing": 1.4, "handletextpad": 0.5}
        figure.legend(handles=list(legend), ncols=columns, frameon=False, **place, **spaces)
    return figure


def settle(figure: Figure) -> None:
    """Lay out ``figure`` and keep the places: every file of it has the same ones."""
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    figure.set_layout_engine(None)  # with "none", matplotlib draws once more for each file


def _whole(text: str) -> str:
    """Return ``text`` with spaces that do not break around its equals signs: "T = 1"."""
    return text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns of a legend fit above the axes."""
    return max(1, min(len(labels), int(8.5 / (0.68 + 0.092 * max(map(len, labels), default=0)))))


def looks(count: int) -> list[dict[str, Any]]:
    """Return colour, marker and width of ``count`` lines, from dark to light."""
    shades = matplotlib.colormaps["viridis"](np.linspace(*SHADES, count))
    sizes = {"markersize": 7, "linewidth": 2}
    return [{"color": tuple(shade), "marker": MARKERS[n % len(MARKERS)], **sizes} for n, shade in enumerate(shades)]


def looks_of(group: ComparisonGroup) -> dict[Run, dict[str, Any]]:
    """Return how each run of ``group`` is drawn. A run keeps its shade when more are recorded; a control is a black star."""
    found = dict(zip(group.compared, looks(len(group.compared)), strict=True))
    return {run: found.get(run, CONTROL) for run in group.runs}


def band(
    axes: Axes, x: Sequence[float], line: Line, look: dict[str, Any], label: str, drawstyle: str = "default"
) -> None:
    """Draw ``line`` at ``x``, its interval as a shade, its seeds as points. It is dashed where the gradient is masked."""
    step: Any = "post" if drawstyle == "steps-post" else None
    edge: Any = {"markeredgecolor": "white", "markeredgewidth": 0.6, "linestyle": "--" if line.masked else "-"}
    if line.shaded:
        axes.fill_between(x, line.low, line.high, step=step, color=look["color"], alpha=0.15, linewidth=0)
    for each in line.points:
        axes.scatter(x, each, s=9, color=look["color"], alpha=0.7, linewidths=0, zorder=1.5)
    axes.plot(x, line.mean, drawstyle=drawstyle, label=label, **edge, **look)


def bar(axes: Axes, x: float, line: Line, at: int, look: dict[str, Any], *, masked: bool) -> None:
    """Draw the point ``at`` of ``line`` with its interval and its seeds. It is hollow where the gradient is masked."""
    mean, face = line.mean[at], "white" if masked else look["color"]
    ends = [[mean - line.low[at]], [line.high[at] - mean]] if line.shaded else None
    seeds = [each[at] for each in line.points]
    axes.scatter([x] * len(seeds), seeds, s=9, color=look["color"], alpha=0.7, linewidths=0, zorder=1.5)
    axes.errorbar([x], [mean], ends, capsize=3, elinewidth=1.2, **{**look, "mfc": face, "linestyle": ""})


def eps_axes(axes: Axes, furthest: float, norm: Norm, ylabel: str) -> None:
    """Make the x axis one of radii in ``norm`` up to ``furthest``, in arsinh(eps / a) where a is ``norm.linear_to``.

    It shows 0 and many powers of two, and is smooth: a change of scale at some eps would look like a bend of the curves.
    Add a legend.
    """
    axes.set_xscale("asinh", linear_width=norm.linear_to)
    shown = [tick * norm.linear_to for tick in TICKS if tick * norm.linear_to <= furthest]
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.set_xlim(-0.03 * norm.linear_to, furthest * 1.1)
    axes.set_xlabel(axis_label(norm))
    axes.minorticks_off()
    axes.set_ylabel(ylabel)
    axes.legend(loc="best", frameon=True, framealpha=0.9, fontsize="small").set_in_layout(False)


def network_axis(axes: Axes, group: ComparisonGroup, runs: Sequence[Run]) -> None:
    """Name ``runs`` along the x axis, from 0 on: in lines where they have room, slanted where they have none."""
    labels = [group.label(run) for run in runs]
    widest = max(len(line) for label in labels for line in label.split(", "))
    if len(labels) * (widest + 1) <= ACROSS:
        axes.set_xticks(range(len(labels)), [label.replace(", ", "\n") for label in labels])
    else:
        slanted: Any = {"rotation": 35, "ha": "right", "rotation_mode": "anchor", "fontsize": 10.5}
        axes.set_xticks(range(len(labels)), labels, **slanted)


def ordered(group: ComparisonGroup) -> bool:
    """Tell whether the compared networks of ``group`` differ in values of the same settings: then a line may join them."""
    return len({tuple(run.words) for run in group.compared}) == 1


def axis_label(norm: Norm) -> str:
    """Return the label of an axis of radii."""
    return f"{norm.axis} (arsinh scale)"


def chance_lines(axes: Axes, group: ComparisonGroup) -> None:
    """Draw the accuracy of a guess as a dotted line."""
    for label, accuracy in chances(group).items():
        axes.axhline(accuracy, color="0.4", linestyle=":", linewidth=1.6, label=label)
