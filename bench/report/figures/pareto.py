"""Accuracy against compression with the Pareto front: of the networks of a figure, and of all those of an architecture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from bench.attacks.fgsm import Fgsm
from bench.comparison.group import ComparisonGroup
from bench.comparison.method_of import DENSE, method_of
from bench.records.outcomes import Quantity
from bench.report.figures.accuracy_curves import lines
from bench.report.figures.pareto_front import WORDS as FRONT
from bench.report.figures.pareto_front import draw_front
from bench.report.figures.point_labels import label_points
from bench.report.figures.style import Line, bar, blank, chance_lines, framed, looks_of, settle, style
from bench.report.tables.table import Table
from bench.report.wording import intervals_shown, seeds_in_words, threat_caption
from bench.spec.architectures import head_of, written
from bench.spec.control import control_of
from bench.spec.run import Run

# Networks differ here; at the largest radii all are near chance.
CHOSEN = 2.0
CURRENCIES = {"compression": "parameters", "theoretical speed-up": "MACs", "gzip bytes": "gzip bytes"}
RATIOS = (
    "Ratios of the control to the run: parameters that are not zero, without the bytes of an index; multiply-accumulates "
    "(MACs) by them, a theoretical speed-up, nothing was timed; float32 weights after gzip."
)
LOOKS: dict[str, dict[str, Any]] = {
    "dense": {"color": "#000000", "marker": "*", "markersize": 12},
    "pruned": {"color": "#0072B2", "marker": "o", "markersize": 7},
    "pruned at random": {"color": "#56B4E9", "marker": "X", "markersize": 8},
    "low rank": {"color": "#D55E00", "marker": "s", "markersize": 7},
    "temperature": {"color": "#CC79A7", "marker": "^", "markersize": 8},
    "distillation": {"color": "#F0E442", "marker": "v", "markersize": 8},
    "adversarial training": {"color": "#E69F00", "marker": "D", "markersize": 6},
    "another method": {"color": "#999999", "marker": "h", "markersize": 8},
    "several methods": {"color": "#009E73", "marker": "P", "markersize": 9},
}
CROWD = 40  # with more networks, only those on the front have a label
WORDS = "accuracy under attack against compression, every network of the architecture"
NOTE = "Compression: the control's parameters over the run's that are not zero, without the bytes of an index."


def chosen_radius(eps: tuple[float, ...]) -> float | None:
    """Return the radius that a picture of a single radius shows: the nearest to 2. None where 0 is the only one."""
    return min((radius for radius in eps if radius), key=lambda radius: abs(radius - CHOSEN), default=None)


def ratios(group: ComparisonGroup, table: Table, currency: str) -> dict[Run, float]:
    """Return how many times smaller than its control each network is, in a column of ``CURRENCIES``."""
    sizes = dict(zip(group.runs, [cell.number for cell in table.column(currency)], strict=True))
    if currency != "gzip bytes":
        return {run: own for run, own in sizes.items() if own is not None}
    wholes = {run: sizes[control_of(run)] for run in group.runs}
    return {run: whole / own for run, own in sizes.items() if own is not None and (whole := wholes[run]) is not None}


@style()
def by_compression(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return clean accuracy and accuracy near eps 2 against compression. None where all networks are of one size.

    There is a panel for each unit, with the Pareto front of both accuracies. Bars are 95 % intervals. A network with a
    masked gradient has a hollow marker, and is not on the front under attack.
    """
    sizes = {currency: ratios(group, table, currency) for currency in CURRENCIES}
    curves = lines(group, table, Quantity.ACCURACY)
    curves = [each for each in curves if all(each.run in known for known in sizes.values())]
    radius = chosen_radius(group.eps)
    if radius is None or _of_one_size([sizes["compression"][each.run] for each in curves]):
        return None
    figure, panels = blank(columns=3)
    looks, at = looks_of(group), group.eps.index(radius)
    for axes, (currency, words) in zip(panels, CURRENCIES.items(), strict=True):
        known = sizes[currency]
        for each in curves:
            for place in (0, at):
                bar(axes, known[each.run], each, place, looks[each.run], masked=each.masked and place == at)
        draw_front(axes, [(known[each.run], each.mean[0]) for each in curves], "front, clean", "-")
        seen = [(known[each.run], each.mean[at]) for each in curves if not each.masked]
        draw_front(axes, seen, f"front at eps {radius:g}", "-.")
        _times_axis(axes, list(known.values()))
        chance_lines(axes, group)
        axes.set_xlabel(f"times fewer {words}")
    panels[0].set_ylabel("accuracy, %")
    panels[0].set_ylim(bottom=0)
    masked = " Hollow: the gradient is masked; not on the front under attack." * any(each.masked for each in curves)
    caption = (table.caption, RATIOS, f"{seeds_in_words(group, 'Bars')} {FRONT}.{masked}")
    what = f"accuracy against compression, clean and at eps {radius:g}; {group.attacker}"
    marks = _marks({group.label(each.run): looks[each.run] for each in curves})
    return framed(figure, group.title, what, caption, [*marks, *panels[0].get_legend_handles_labels()[0]])


@dataclass(frozen=True)
class _Point:
    """A network: how many times smaller than its control it is, its curve, and where on the curve the radius is."""

    size: float
    line: Line
    at: int

    @property
    def place(self) -> tuple[float, float]:
        return self.size, self.line.mean[self.at]


@style()
def pareto(arch: str, drawn: Sequence[tuple[ComparisonGroup, Table]]) -> Figure | None:
    """Return every network of ``arch`` in ``drawn`` under FGSM by an attacker who knows T.

    Only the networks of the most common data set, image size and epochs are shown that were attacked at the radius. None
    where all networks are of one size. A masked attack has a hollow marker, and is never on the front.
    """
    drawn = [each for each in drawn if each[0].attack == Fgsm()]
    group = _whole(arch, [each for each, _ in drawn])
    radius = chosen_radius(group.eps) if group else None
    if group is None or radius is None:
        return None
    found: dict[Run, _Point] = {}
    shaded = intervals_shown(group)
    for own, table in drawn:
        if radius in own.eps:
            sizes, at = ratios(own, table, "compression"), own.eps.index(radius)
            for line in lines(own, table, Quantity.ACCURACY):
                if line.run in sizes and line.run in group.runs:
                    found.setdefault(line.run, _Point(sizes[line.run], replace(line, shaded=shaded), at))
    networks = [found[run] for run in group.runs if run in found]
    sizes_shown = [each.size for each in networks]
    if _of_one_size(sizes_shown):
        return None
    figure, (axes,) = blank((5.4,))
    for each in networks:
        bar(axes, each.size, each.line, each.at, LOOKS[method_of(each.line.run)], masked=each.line.masked)
    stairs = draw_front(axes, [each.place for each in networks if not each.line.masked], "front", "-")
    chance_lines(axes, group)
    _times_axis(axes, sizes_shown)
    axes.set_ylim(0, min(100.0, 1.08 * max(each.line.high[each.at] for each in networks)))
    axes.set_ylabel(f"accuracy at eps {radius:g}, %")
    axes.set_xlabel("compression: times fewer parameters that are not zero")
    masked = " Hollow: the gradient is masked; never on the front." * any(each.line.masked for each in networks)
    caption = (threat_caption(group), f"{NOTE} {seeds_in_words(group, 'Bars')}", f"{FRONT}.{masked}")
    what = f"accuracy at eps {radius:g} against compression; {group.attacker}"
    used = {method_of(each.line.run) for each in networks}
    marks = _marks({name: look for name, look in LOOKS.items() if name in used})
    settle(framed(figure, group.title, what, caption, [*marks, *axes.get_legend_handles_labels()[0]]))
    named = [each for each in networks if len(networks) <= CROWD or each.place in stairs]
    spans = [(*each.place, each.line.low[each.at], each.line.high[each.at]) for each in named]
    label_points(axes, spans, [_label(group, each.line.run) for each in named], stairs)
    return figure


def _whole(arch: str, known: Sequence[ComparisonGroup]) -> ComparisonGroup | None:
    """Return one group of the attacked runs of ``arch`` with the most common data set, image size and epochs."""
    runs = {run: None for each in known for run in each.runs if run.arch == arch and each.attacked(run)}
    alike = {run: (run.dataset, run.data_name, run.image_size, run.epochs) for run in runs}
    if not alike:
        return None
    most, _ = Counter(alike.values()).most_common(1)[0]
    kept = tuple(run for run, each in alike.items() if each == most)
    first = next(each for each in known if set(kept) & set(each.runs))
    title = f"{written(arch)}: all its networks of {most[-1]} epochs"
    return replace(first, figure=f"pareto-{head_of(arch)}", title=title, runs=kept, attacks=())


def _label(group: ComparisonGroup, run: Run) -> str:
    """Return the label of a point. The marker tells the method; the batch size is named where there are several."""
    alike = replace(group, runs=tuple(each for each in group.runs if each.batch_size == run.batch_size))
    words = DENSE if method_of(run) == DENSE else alike.label(run)
    other = f", b{run.batch_size}" * (len({each.batch_size for each in group.runs}) > 1)
    return words.replace(" zero", "").replace(", at random", "") + other


def _of_one_size(sizes: Sequence[float]) -> bool:
    return len({f"{size:.2f}" for size in sizes}) < 2


def _marks(looks: dict[str, dict[str, Any]]) -> list[Line2D]:
    return [Line2D([], [], label=label, **{**look, "linestyle": ""}) for label, look in looks.items()]


def _times_axis(axes: Axes, sizes: list[float]) -> None:
    """Make the x axis a logarithmic one of ratios, with some room at both ends of ``sizes``."""
    span = max(sizes) / min(sizes)
    room = max(1.02, span**0.08)
    axes.set_xscale("log")
    axes.set_xlim(min(sizes) / room, max(sizes) * room)
    few, many = MaxNLocator(3, steps=[1, 2, 5, 10]), LogLocator(subs=(1, 3) if span > 12 else (1, 2, 5))
    axes.xaxis.set_major_locator(many if span > 4 else few)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}x"))
    axes.xaxis.set_minor_locator(NullLocator())
