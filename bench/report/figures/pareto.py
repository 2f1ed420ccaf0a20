"""Every network of an architecture in one picture: accuracy under attack against compression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.attacks.fgsm import Fgsm
from bench.comparison.group import ComparisonGroup
from bench.comparison.masking import is_masked
from bench.report.figures.by_compression import chosen_radius, times_axis
from bench.report.figures.pareto_front import WORDS as FRONT
from bench.report.figures.pareto_front import draw_front
from bench.report.figures.point_labels import label_points
from bench.report.figures.style import chance_lines, framed, legend_above, settle, style
from bench.report.tables.table import Table
from bench.report.wording import chances, seeds_in_words, threat_caption
from bench.spec.ranks import FullRank
from bench.spec.run import Run

METHODS: dict[str, dict[str, Any]] = {
    "control": {"color": "#000000", "marker": "*", "markersize": 12},
    "sparsity": {"color": "#0072B2", "marker": "o", "markersize": 7},
    "sparsity at random": {"color": "#56B4E9", "marker": "X", "markersize": 8},
    "low rank": {"color": "#D55E00", "marker": "s", "markersize": 7},
    "temperature": {"color": "#CC79A7", "marker": "^", "markersize": 8},
    "several": {"color": "#009E73", "marker": "P", "markersize": 9},
}
CROWD = 40  # with more networks, only those on the front have a label
WORDS = "accuracy under attack against compression, every network of the architecture"
NOTE = "Compression: the control's parameters over the run's that are not zero, without the bytes of an index."


@dataclass(frozen=True)
class Network:
    """A run in the picture: its compression and its accuracy in percent, with the ends of the 95 % interval."""

    run: Run
    compression: float
    mean: float
    low: float
    high: float
    masked: bool

    @property
    def method(self) -> str:
        """The one of ``METHODS`` that made it."""
        used = {
            "sparsity at random" if self.run.pruning == "random" else "sparsity": self.run.sparsity > 0,
            "low rank": self.run.low_rank != FullRank(),
            "temperature": self.run.temperature != 1,
        }
        names = [name for name, is_used in used.items() if is_used]
        return "control" if not names else names[0] if len(names) == 1 else "several"


def pareto(arch: str, drawn: Sequence[tuple[ComparisonGroup, Table]]) -> Figure | None:
    """Return every network of ``arch`` in ``drawn`` under FGSM by an attacker who knows T.

    Only the networks of the most common data set, image size and epochs are shown. None where all networks are of one
    size. A masked attack has a hollow marker, and is never on the front.
    """
    group = _whole(arch, [each for each, _ in drawn])
    radius = chosen_radius(group.eps) if group else None
    if group is None or radius is None:
        return None
    networks = networks_of(group, [each for each in drawn if each[0].attack == Fgsm()], radius)
    return _drawn(group, networks, radius) if len({f"{each.compression:.2f}" for each in networks}) > 1 else None


def networks_of(whole: ComparisonGroup, drawn: Sequence[tuple[ComparisonGroup, Table]], radius: float) -> list[Network]:
    """Return the runs of ``whole`` with their numbers from the first table of ``drawn`` that has them."""
    found: dict[str, Network] = {}
    runs = set(whole.runs)
    for group, table in drawn:
        columns = (table.column("compression"), table.column(f"accuracy at eps {radius:g}"))
        for run, compression, accuracy in zip(group.runs, *columns, strict=True):
            wanted = run in runs and run.name not in found
            if wanted and compression.number is not None and accuracy.number is not None:
                mean, low, high = (100 * float(each or 0) for each in (accuracy.number, accuracy.low, accuracy.high))
                masked = bool(is_masked(group.attacked(run)))
                found[run.name] = Network(run, compression.number, mean, min(low, mean), max(high, mean), masked)
    return [found[run.name] for run in whole.runs if run.name in found]


def _whole(arch: str, drawn: Sequence[ComparisonGroup]) -> ComparisonGroup | None:
    """Return one group of the attacked runs of ``arch`` with the most common data set, image size and epochs."""
    known = [each for each in drawn if each.attack == Fgsm()]
    runs = {run: None for each in known for run in each.runs if run.arch == arch and each.attacked(run)}
    counted = Counter((run.dataset, run.image_size, run.epochs) for run in runs)
    if not counted:
        return None
    most, _ = counted.most_common(1)[0]
    kept = tuple(run for run in runs if (run.dataset, run.image_size, run.epochs) == most)
    first = next(each for each in known if set(kept) & set(each.runs))
    title = f"{arch}: all its networks of {most[2]} epochs"
    return replace(first, figure=f"pareto-{arch}", title=title, runs=kept, attacks=())


def _labels(group: ComparisonGroup, networks: Sequence[Network], batch: int) -> list[str]:
    """Return the label of each point. The marker tells the method; the batch size is named where it is not ``batch``."""
    found = []
    for each in networks:
        alike = replace(group, runs=tuple(run for run in group.runs if run.batch_size == each.run.batch_size))
        words = "control" if each.method == "control" else alike.label(each.run)
        other = f", b{each.run.batch_size}" * (each.run.batch_size != batch)
        found.append(words.replace(" zero", "").replace(", at random", "") + other)
    return found


def _drawn(group: ComparisonGroup, networks: Sequence[Network], radius: float) -> Figure:
    batch, _ = Counter(each.run.batch_size for each in networks).most_common(1)[0]
    masked = " Hollow: the gradient is masked; never on the front." * any(each.masked for each in networks)
    mixed = len({each.run.batch_size for each in networks}) > 1
    batches = f"Batch size {batch}; b: another one. " * mixed
    note = f"{NOTE} {batches}{seeds_in_words(group, 'Bars')}"
    caption = (threat_caption(group), note, f"{FRONT}.{masked}")
    used = [name for name in METHODS if name in {each.method for each in networks}]
    marks = [Line2D([], [], linestyle="", label=name, **METHODS[name]) for name in used]
    what = f"accuracy at eps {radius:g} against compression; {group.attacker}"
    with style():
        legend = [*used, "front", *chances(group)]
        figure, (axes,) = framed(group.title, what, caption, heights=(5.4,), legend=legend)
        for each in networks:
            _point(axes, each)
        seen = [(each.compression, each.mean) for each in networks if not each.masked]
        stairs = draw_front(axes, seen, "front", "-")
        chance_lines(axes, group)
        times_axis(axes, [each.compression for each in networks])
        axes.set_ylim(0, min(100.0, 1.08 * max(each.high for each in networks)))
        axes.set_ylabel(f"accuracy at eps {radius:g}, %")
        axes.set_xlabel("compression: times fewer parameters that are not zero")
        legend_above(figure, [*marks, *axes.get_legend_handles_labels()[0]])
        named = [each for each in networks if len(networks) <= CROWD or (each.compression, each.mean) in stairs]
        spans = [(each.compression, each.mean, each.low, each.high) for each in named]
        settle(figure)
        label_points(axes, spans, _labels(group, named, batch), stairs)
    return figure


def _point(axes: Axes, network: Network) -> None:
    shown = METHODS[network.method]
    bars = [[network.mean - network.low], [network.high - network.mean]]
    face = "white" if network.masked else shown["color"]
    axes.errorbar([network.compression], [network.mean], bars, mfc=face, capsize=2, linestyle="", elinewidth=1, **shown)
