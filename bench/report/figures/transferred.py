"""The accuracy of linear SVMs on the features of a network, by cut and C."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.records.schema import TransferRecord
from bench.report.figures.style import framed, looks, style
from bench.report.network_names import called


@style()
def transferred(record: TransferRecord, named: Mapping[str, str] = MappingProxyType({})) -> Figure:
    """Return the picture: a line for each cut, with 95 % intervals, and the chosen pair marked.

    Args:
        named: what networks are called, by the name of their run. Another is called by its name in ``record``.
    """
    figure = Figure(figsize=(9.0, 4.2))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    cuts = list(dict.fromkeys(row.cut for row in record.rows))
    for cut, look in zip(cuts, looks(len(cuts)), strict=True):
        rows = sorted((row for row in record.rows if row.cut == cut), key=lambda row: row.c)
        ends = [[row.accuracy - row.low for row in rows], [row.high - row.accuracy for row in rows]]
        label = f"{cut}, {rows[0].features} features"
        axes.errorbar([row.c for row in rows], [row.accuracy for row in rows], ends, capsize=3, label=label, **look)
    best = next(row for row in record.rows if (row.cut, row.c) == (record.cut, record.c))
    axes.plot([best.c], [best.accuracy], "o", markersize=16, fillstyle="none", color="black", label="chosen")
    if record.largest_class is not None:
        axes.axhline(record.largest_class, color="0.4", linestyle=":", linewidth=1.6, label="always the largest class")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("C of the linear support vector machine (logarithmic scale)")
    axes.set_ylabel("accuracy")
    axes.legend(loc="best", fontsize="small")
    what = f"accuracy on {record.held_out:,} held-out training images of {len(record.classes)} classes"
    whole = (
        f"Chosen: {record.cut}, C = {record.c:g}. Fitted on all {record.train:,} training images, its accuracy on "
        f"{record.val:,} validation images is {record.accuracy:.4f} (95 %: {record.low:.4f}..{record.high:.4f})."
    )
    attacked = "; ".join(
        f"{attack.attack}: " + ", ".join(f"{row.accuracy:.3f} at eps {row.eps:g}" for row in attack.rows)
        for attack in record.attacks
    )
    under = f"Trunk and machine as one network, {record.attacked} images, L-infinity, white box: {attacked}."
    return framed(figure, f"Features of {called(named, record.network)}", what, (whole, under))
