"""The two panels of a figure, accuracy and drop against the radius: a curve a run, drawn from the cells of its table."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.comparison.outcomes import Quantity
from bench.report.curve import LINE, WIDTH, radius_axis
from bench.report.lineup import Lineup, control_of
from bench.report.masked import masking_of
from bench.report.panels import KINDS, Panel
from bench.report.records import Records
from bench.report.table import Cell, Table
from bench.spec import Run

MARKERS = "osD^vP<X>"
METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
# From dark to light, as a photocopy keeps it; the ends of the map are too near to black and to the paper.
SHADES = ("viridis", 0.18, 0.84)
# Text stays text in an SVG: a third of the bytes of outlines, and it can be searched.
STYLE: Any = {"svg.hashsalt": "bench", "svg.fonttype": "none", "font.family": "DejaVu Sans"}
FONTS = (
    b"'DejaVu Sans'",
    b"'DejaVu Sans', Verdana, sans-serif",
)  # the second is as wide, for readers without the first


@dataclass(frozen=True)
class Line:
    """A run's curve: radii in pixel levels; mean and ends of the 95 % interval in percent, or in points for the drop."""

    label: str
    eps: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    control: bool
    masked: bool


def lines(lineup: Lineup, records: Records, table: Table, quantity: Quantity) -> list[Line]:
    """Return a line for each run of ``lineup`` that was attacked, with the numbers of ``table``; 0 is the drop at eps 0."""
    found = []
    columns = {radius: f"{quantity} at eps {radius:g}" for radius in lineup.eps}
    names = {column.name for column in table.columns}
    cells = {radius: table.column(name) for radius, name in columns.items() if name in names}
    for place, run in enumerate(lineup.runs):
        attacked = lineup.attacked(records, run)
        if not attacked:
            continue
        points = []
        for radius in lineup.eps:
            cell = cells[radius][place] if radius in cells else None
            points.append(_percent(cell) if cell else (0.0, 0.0, 0.0))
        mean, low, high = (tuple(each) for each in zip(*points, strict=True))
        masked = any(each["masked"] for each in masking_of(attacked))
        found.append(Line(lineup.label(run), lineup.eps, mean, low, high, run == control_of(run), masked))
    return found


def _percent(cell: Cell) -> tuple[float, float, float]:
    mean, low, high = (100 * float("nan" if each is None else each) for each in (cell.number, cell.low, cell.high))
    return mean, min(low, mean), max(high, mean)  # an interval at 0 or 1 can miss its own mean by a rounding


def draw(lineup: Lineup, records: Records, table: Table, panel: Panel) -> Figure:
    """Return the figure of ``panel``: each run's mean over seeds with its band, from dark to light in the grid's order.

    The control is black. An attack whose gradient is masked is dashed, and named so in the legend and the caption.
    """
    curves = lines(lineup, records, table, panel.quantity)
    with (
        sns.axes_style("whitegrid", {"grid.color": "0.9", "axes.edgecolor": "0.6"}),
        sns.plotting_context("talk", font_scale=0.8),
        plt.rc_context(STYLE),
    ):
        caption = _caption(lineup, records, table, curves)
        figure, axes = plt.subplots(figsize=(9, 5.4 + LINE * len(caption)), dpi=160, layout="constrained")
        others = [lineup.label(run) for run in lineup.compared]  # a run keeps its shade while the grid fills
        for curve in curves:
            _curve(axes, curve, None if curve.control else others.index(curve.label), len(others))
        _scales(axes, lineup, records, panel)
        axes.set_title(f"{lineup.title}\n{_words(lineup, panel)}", loc="left", fontweight="bold")
        axes.legend(loc="best", frameon=True, framealpha=0.9, fontsize="small")
        figure.supxlabel("\n".join(caption), fontsize=10, color="0.25", x=0.01, ha="left")
    return figure


def render(figure: Figure, kinds: Sequence[str] = KINDS) -> dict[str, bytes]:
    """Return the bytes of ``figure`` by kind, png or svg: the same for the same figure; and close it."""
    found = {}
    with plt.rc_context(STYLE):
        for kind in kinds:
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, metadata=METADATA[kind])
            found[kind] = buffer.getvalue().replace(*FONTS) if kind == "svg" else buffer.getvalue()
    plt.close(figure)
    return found


def _curve(axes: Axes, curve: Line, place: int | None, count: int) -> None:
    name, first, last = SHADES
    shade = first + (last - first) * (place or 0) / max(1, count - 1)
    colour: Any = "black" if place is None else matplotlib.colormaps[name](shade)
    axes.fill_between(curve.eps, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(
        curve.eps,
        curve.mean,
        color=colour,
        linestyle="--" if curve.masked else "-",
        linewidth=2.8 if place is None else 2,
        marker="*" if place is None else MARKERS[place % len(MARKERS)],
        markersize=11 if place is None else 7,
        markeredgecolor="white",
        markeredgewidth=0.6,
        label=curve.label + curve.masked * ": gradient masked",
    )


def _scales(axes: Axes, lineup: Lineup, records: Records, panel: Panel) -> None:
    radius_axis(axes, max(lineup.eps))
    if panel is Panel.B:
        axes.set_ylabel("drop in accuracy, points")
        return
    classes = {len(each.training["data"]["classes"]) for run in lineup.runs for each in records.of(run).values()}
    for count in sorted(classes):
        axes.axhline(100 / count, color="0.4", linestyle=":", linewidth=1.6, label=f"chance, {count} classes")
    axes.set_ylim(-1.5, 101.5)
    axes.set_ylabel("accuracy, %")


def _words(lineup: Lineup, panel: Panel) -> str:
    what = "accuracy" if panel is Panel.A else "accuracy(0) - accuracy(eps)"
    return f"{what}, {lineup.attacker}"


def _caption(lineup: Lineup, records: Records, table: Table, curves: Sequence[Line]) -> list[str]:
    seeds = _seeds(lineup, records)
    over = "seeds and images" if max(map(len, seeds.values()), default=0) > 1 else "images alone (one seed)"
    counted = "; ".join(f"{label}: {', '.join(map(str, each))}" for label, each in seeds.items())
    same = len(set(seeds.values())) == 1
    which = ", ".join(map(str, next(iter(seeds.values())))) if same else counted
    texts = [table.caption, f"Seeds: {which}. Shaded: 95 % interval over {over}."]
    if any(curve.masked for curve in curves):
        texts.append("Dashed: the gradient is masked, so that the attack failed, and its accuracy is no strength.")
    return [line for text in texts for line in textwrap.wrap(text, WIDTH, subsequent_indent="   ")]


def _seeds(lineup: Lineup, records: Records) -> dict[str, tuple[int, ...]]:
    def of(run: Run) -> tuple[int, ...]:
        return tuple(lineup.attacked(records, run))

    return {lineup.label(run): of(run) for run in lineup.runs if of(run)}
