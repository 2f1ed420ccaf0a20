"""The two panels of a figure, accuracy and drop against the radius: a curve a run, drawn from the cells of its table."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.comparison.outcomes import Quantity
from bench.report.curve import radius_axis
from bench.report.frame import framed, look, style
from bench.report.lineup import Lineup, control_of
from bench.report.masked import masked_at_all
from bench.report.networks import seeds_text
from bench.report.panels import Panel
from bench.report.records import Records
from bench.report.table import Cell, Table

FEW = 8  # networks whose seeds are told one by one
MASKED = "Dashed: the gradient is masked, so that the attack failed, and what it left right is no strength."


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
        masked = bool(masked_at_all(attacked))
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
    caption = [table.caption, seeds_in_words(lineup, records, "Shaded")]
    caption += [MASKED] * any(curve.masked for curve in curves)
    with style():
        figure, (axes,) = framed(lineup.title, _words(lineup, panel), caption)
        others = [lineup.label(run) for run in lineup.compared]  # a run keeps its shade while the grid fills
        for curve in curves:
            _curve(axes, curve, None if curve.control else others.index(curve.label), len(others))
        _scales(axes, lineup, records, panel)
        axes.legend(loc="best", frameon=True, framealpha=0.9, fontsize="small")
    return figure


def seeds_in_words(lineup: Lineup, records: Records, shown: str = "") -> str:
    """Return which seeds the numbers of ``lineup`` are of, and what their intervals cover, where they are ``shown``."""
    seeds = {run: tuple(lineup.attacked(records, run)) for run in lineup.runs}
    found = {run: each for run, each in seeds.items() if each}
    counts = [len(each) for each in found.values()] or [0]
    if len(set(found.values())) <= 1:
        which = "".join(seeds_text(each) for each in set(found.values()))
    elif len(found) <= FEW:
        which = "; ".join(f"{lineup.label(run)}: {seeds_text(each)}" for run, each in found.items())
    else:
        which = f"{min(counts)} to {max(counts)} of them a network"
    if max(counts) > 1:
        return f"Mean over seeds ({which})." + f" {shown}: 95 % interval over seeds and images." * bool(shown)
    over = f" {shown}: 95 % interval over images alone, which says nothing of other seeds." * bool(shown)
    return f"One seed ({which}).{over}"


def chances(lineup: Lineup, records: Records) -> dict[str, float]:
    """Return the accuracy of a guess in percent, one over the number of classes, by its label."""
    classes = {len(each.training["data"]["classes"]) for run in lineup.runs for each in records.of(run).values()}
    return {f"chance, {count} classes": 100 / count for count in sorted(classes)}


def chance_lines(axes: Axes, lineup: Lineup, records: Records) -> None:
    """Draw the accuracy of a guess as a dotted line."""
    for label, accuracy in chances(lineup, records).items():
        axes.axhline(accuracy, color="0.4", linestyle=":", linewidth=1.6, label=label)


def _curve(axes: Axes, curve: Line, place: int | None, count: int) -> None:
    shown = look(place, count)
    axes.fill_between(curve.eps, curve.low, curve.high, color=shown["color"], alpha=0.15, linewidth=0)
    axes.plot(
        curve.eps,
        curve.mean,
        linestyle="--" if curve.masked else "-",
        linewidth=2.8 if place is None else 2,
        markeredgecolor="white",
        markeredgewidth=0.6,
        label=curve.label + curve.masked * ": gradient masked",
        **shown,
    )


def _scales(axes: Axes, lineup: Lineup, records: Records, panel: Panel) -> None:
    radius_axis(axes, max(lineup.eps))
    if panel is Panel.B:
        axes.set_ylabel("drop in accuracy, points")
        return
    chance_lines(axes, lineup, records)
    axes.set_ylim(-1.5, 101.5)
    axes.set_ylabel("accuracy, %")


def _words(lineup: Lineup, panel: Panel) -> str:
    what = "accuracy" if panel is Panel.A else "accuracy(0) - accuracy(eps)"
    return f"{what}, {lineup.attacker}"
