"""The figure of one run: accuracy against the radius of the attack, as a person would put it on a slide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes

from bench.spec import Run

TICKS = (0, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 255)
MARKERS = "osD^v"


def draw(path: Path, run: Run, classes: int, attacks: Sequence[dict[str, Any]]) -> None:
    """Draw accuracy against eps for each attack record, with its 95 % band, and write it to ``path`` as a PNG.

    The axis of eps is linear up to 1 pixel level and logarithmic beyond, so that both ends of the grid can be read.
    """
    with (
        sns.axes_style("whitegrid", {"grid.color": "0.9", "axes.edgecolor": "0.6"}),
        sns.plotting_context("talk", font_scale=0.75),
        sns.color_palette("colorblind"),
    ):
        figure, axes = plt.subplots(figsize=(9, 5.6), dpi=160, layout="constrained")
        for attack, marker in zip(attacks, MARKERS, strict=False):
            _curve(axes, attack, marker)
        axes.axhline(100 / classes, color="0.45", linestyle=":", linewidth=1.5, label=f"chance, {classes} classes")
        _axes(axes, max(row["eps"] for attack in attacks for row in attack["rows"]))
        axes.set_title(_title(run), loc="left", fontweight="bold")
        axes.legend(loc="upper right", frameon=True, framealpha=0.9)
        figure.supxlabel(_caption(run, attacks), fontsize=9.5, color="0.3", x=0.01, ha="left")
        figure.savefig(path, metadata={"Software": None})
        plt.close(figure)


def _curve(axes: Axes, attack: dict[str, Any], marker: str) -> None:
    rows = attack["rows"]
    eps = [row["eps"] for row in rows]
    (line,) = axes.plot(
        eps, [100 * row["accuracy"] for row in rows], marker=marker, markersize=6, label=str(attack["attack"]).upper()
    )
    low, high = [100 * row["low"] for row in rows], [100 * row["high"] for row in rows]
    axes.fill_between(eps, low, high, color=line.get_color(), alpha=0.2, linewidth=0, label="95 % interval (images)")


def _axes(axes: Axes, furthest: float) -> None:
    axes.set_xscale("symlog", linthresh=1, linscale=1.5)
    shown = [tick for tick in TICKS if tick <= furthest]
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.set_xlim(-0.03, furthest * 1.1)
    axes.set_ylim(0, 100)
    axes.set_xlabel("eps: largest change of a pixel, in levels of 0 to 255")
    axes.set_ylabel("accuracy, %")
    axes.minorticks_off()


def _title(run: Run) -> str:
    pruned = f"{100 * run.sparsity:g} % of the weights zero" if run.sparsity else "dense"
    return f"{run.arch}, {pruned}: accuracy under attack"


def _caption(run: Run, attacks: Sequence[dict[str, Any]]) -> str:
    first = attacks[0]
    zero = f"exactly zero gradient: {100 * first['gradient_zero_images']:.1f} % of images"
    return (
        f"{run.dataset} {run.image_size} px, {first['images']:,} validation images, seed {run.seed}, {run.epochs} epochs, "
        f"batch {run.batch_size}.\nL-infinity, {first['threat']['knowledge']}; {zero}."
    )
