"""The matrix of fooling images as a heat map."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.records.schema import FoolingCell, FoolingMatrixRecord
from bench.report.figures.style import framed, style
from bench.report.network_names import called

ROW = 0.95  # inches
LETTERS, WIDEST = 10, 60  # points: the size of the letters of a cell, and of those of a whole row


@style()
def fooling_matrix(record: FoolingMatrixRecord, named: Mapping[str, str] = MappingProxyType({})) -> Figure:
    """Return the heat map: a row for each network that the images were made on, a column for each that they are shown to.

    Args:
        named: what networks are called, by the name of their run. Another is called by its name in ``record``.
    """
    names = [each.name for each in record.networks]
    letters = [chr(ord("A") + place) if place < 26 else str(place) for place in range(len(names))]
    cells = {(each.source, each.target): each for each in record.cells}
    figure = Figure(figsize=(9.0, 1.0 + ROW * len(names)))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    sns.heatmap(
        [[_percent(cells[row, column]) for column in names] for row in names],
        annot=[[_words(cells[row, column]) for column in names] for row in names],
        fmt="",
        annot_kws={"fontsize": min(LETTERS, WIDEST / len(names))},
        cmap="Reds",
        vmin=0,
        vmax=100,
        linewidths=1,
        cbar_kws={"label": "fooled, %", "pad": 0.02},
        xticklabels=letters,
        yticklabels=letters,
        ax=axes,
    )
    axes.tick_params(rotation=0)
    axes.set_xlabel("shown to")
    axes.set_ylabel("made on")
    keys = "; ".join(f"{letter}: {called(named, name)}" for letter, name in zip(letters, names, strict=True))
    how = (
        "Off the diagonal: of the images that both networks classify correctly and that fool the network they were made on. "
        "On it: of the images that the network classifies correctly. Each cell: the share and the number of images, its 95 % "
        "Wilson interval in percent, and the same of random noise of the same size on the same images. Each cell has images of "
        "its own."
    )
    what = f"{record.threat.norm}, eps {record.eps:g}; {record.threat.knowledge}"
    return framed(figure, "How often a fooling image fools another network", what, (keys, how))


def _percent(cell: FoolingCell) -> float:
    return 100 * cell.fooled / cell.images if cell.images else float(np.nan)


def _words(cell: FoolingCell) -> str:
    if not cell.images:
        return "-"
    return (
        f"{_percent(cell):.0f} % of {cell.images}\n{100 * cell.low:.0f} to {100 * cell.high:.0f}\n"
        f"noise {100 * cell.noise / cell.images:.0f} %\n{100 * cell.noise_low:.0f} to {100 * cell.noise_high:.0f}"
    )
