"""The figure of one run: accuracy against eps."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.attacks.norms import NORMS, Norm
from bench.evaluation.masking import Masking
from bench.records.schema import AttackRecord
from bench.report.figures.style import LINE, WIDTH, radius_axis
from bench.spec.ranks import FullRank
from bench.spec.run import Run

MARKERS = "osD^v"


def draw(path: Path, run: Run, classes: int, attacks: Sequence[AttackRecord], masking: Sequence[Masking]) -> None:
    """Write the figure that ``curve`` makes to ``path`` as a PNG."""
    curve(run, classes, attacks, masking).savefig(path, metadata={"Software": None})


def curve(run: Run, classes: int, attacks: Sequence[AttackRecord], masking: Sequence[Masking]) -> Figure:
    """Return the figure of accuracy against eps for each attack record, with its 95 % band; one panel for each norm.

    The axis of eps is linear up to 1 pixel level and logarithmic beyond, so that both ends of the grid can be read. Where
    ``masking`` says that the gradient of an attack was masked, its name in the legend and the caption say it too.
    """
    masked = {finding.attack: finding.words for finding in masking if finding.masked}
    norms = list(dict.fromkeys(attack.threat.norm for attack in attacks))
    with (
        sns.axes_style("whitegrid", {"grid.color": "0.9", "axes.edgecolor": "0.6"}),
        sns.plotting_context("talk", font_scale=0.75),
        sns.color_palette("colorblind"),
    ):
        caption = _caption(run, attacks, list(masked.values()))
        # No pyplot: it would keep the figure, and choose a backend in somebody's notebook.
        size = (9, 5.2 * len(norms) + LINE * len(caption))
        figure = Figure(figsize=size, dpi=160, layout="constrained")
        for norm, axes in zip(norms, figure.subplots(len(norms), squeeze=False)[:, 0], strict=True):
            own = [attack for attack in attacks if attack.threat.norm == norm]
            for number, attack in enumerate(own):
                _curve(axes, attack, number, attack.attack in masked)
            axes.axhline(100 / classes, color="0.45", linestyle=":", linewidth=1.5, label=f"chance, {classes} classes")
            _axes(axes, max(row.eps for attack in own for row in attack.rows), NORMS[norm])
            axes.legend(loc="best", frameon=True, framealpha=0.9, title="shaded: 95 % interval (images)")
        figure.axes[0].set_title(_title(run), loc="left", fontweight="bold")
        figure.supxlabel("\n".join(caption), fontsize=9.5, color="0.3", x=0.01, ha="left")
    return figure


def _curve(axes: Axes, attack: AttackRecord, number: int, masked: bool) -> None:
    rows = attack.rows
    eps = [row.eps for row in rows]
    label = attack.threat.label + masked * ": gradient masked"
    style: dict[str, Any] = {"marker": MARKERS[number % len(MARKERS)], "linestyle": "--" if masked else "-"}
    (line,) = axes.plot(eps, [100 * row.accuracy for row in rows], markersize=6, label=label, **style)
    low, high = [100 * row.low for row in rows], [100 * row.high for row in rows]
    axes.fill_between(eps, low, high, color=line.get_color(), alpha=0.2, linewidth=0)


def _axes(axes: Axes, furthest: float, norm: Norm) -> None:
    radius_axis(axes, furthest, norm)
    axes.set_ylim(0, 100)
    axes.set_ylabel("accuracy, %")


def _title(run: Run) -> str:
    pruned = f"{100 * run.sparsity:g} % of the weights zero" if run.sparsity else ""
    at_random = ", drawn at random" if run.sparsity and run.pruning == "random" else ""
    rank = "" if isinstance(run.low_rank, FullRank) else _rank_words(str(run.low_rank))
    heat = f"T = {run.temperature:g}" if run.temperature != 1 else ""
    parts = [run.arch, *[part for part in (pruned + at_random, rank, heat) if part]]
    return ", ".join(parts if len(parts) > 1 else [run.arch, "dense"]) + ": accuracy under attack"


def _rank_words(ranks: str) -> str:
    return (
        f"ranks {ranks.upper()}"
        if ranks.startswith("lr")
        else f"{ranks} of the rank"
        if "," not in ranks
        else "low rank"
    )


def _caption(run: Run, attacks: Sequence[AttackRecord], masked: Sequence[str]) -> list[str]:
    first = attacks[0]
    setting = (
        f"{run.dataset} {run.image_size} px, {first.images:,} validation images, seed {run.seed}, {run.epochs} epochs, "
        f"batch {run.batch_size}. Attacks: {' and '.join(dict.fromkeys(attack.threat.norm for attack in attacks))}."
    )
    threats = [
        f"{attack.threat.label}: {attack.threat.knowledge}; exactly zero gradient: "
        f"{100 * attack.gradient_zero_images:.1f} % of images."
        for attack in attacks
    ]
    texts = [setting, *threats, *masked]
    return [line for text in texts for line in textwrap.wrap(text, WIDTH, subsequent_indent="   ")]
