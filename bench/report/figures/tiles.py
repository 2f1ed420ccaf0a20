"""A grid of small images with a heading over each column, as one picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bench.report.figures.style import DPI, style

# Inches: a tile, the space between tiles and between groups, the words at the left, a line of text, the edge.
TILE, GAP, APART, LEFT, LINE, EDGE = 0.74, 0.05, 0.16, 1.25, 0.17, 0.12
LETTER = 0.063  # the width of a letter of the small text
SMALL: Any = {"fontsize": 8, "color": "0.2"}


@dataclass(frozen=True)
class Tile:
    """A small image: pixels, RGB or one channel in [0, 1], with words below; ``wrong`` gives it an orange frame."""

    pixels: NDArray[Any]
    below: str = ""
    wrong: bool = False


@dataclass(frozen=True)
class Group:
    """Columns that belong together: a title over them, and a heading over each."""

    title: str
    headings: tuple[str, ...]


@style()
def tiles(
    title: str, caption: Sequence[str], groups: Sequence[Group], rows: Sequence[tuple[str, Sequence[Tile]]]
) -> Figure:
    """Return a picture of ``rows`` of tiles, each with its words at the left, below the headings of ``groups``."""
    words = any(tile.below for _, row in rows for tile in row)
    lines = 1 + max(len(_heading(each)) for group in groups for each in group.headings)
    places: list[float] = []
    x = LEFT
    for group in groups:
        for _ in group.headings:
            places.append(x)
            x += TILE + GAP
        x += APART - GAP
    width = max(x - APART + EDGE, 7.0)
    below = [line for text in caption for line in textwrap.wrap(text, int((width - 2 * EDGE) / LETTER))]
    head = textwrap.wrap(title, int((width - 2 * EDGE) / (1.6 * LETTER)))
    step = TILE + GAP + LINE * words
    top = EDGE + 1.5 * LINE * len(head) + LINE * (lines + 0.5)
    height = top + step * len(rows) + 2 * EDGE + LINE * len(below)
    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)

    def write(left: float, down: float, text: str, **look: Any) -> None:
        figure.text(left / width, 1 - down / height, text, va="top", **{**SMALL, **look})

    write(EDGE, EDGE, "\n".join(head), fontsize=12, fontweight="bold", color="black")
    at = iter(places)
    for group in groups:
        own = [next(at) for _ in group.headings]
        write(own[0], top - LINE * (lines + 0.2), group.title, fontsize=9, fontweight="bold")
        for left, text in zip(own, group.headings, strict=True):
            write(left, top - LINE * (lines - 1), "\n".join(_heading(text)), fontsize=7)
    for number, (name, row) in enumerate(rows):
        down = top + step * number
        write(EDGE, down + TILE / 3, "\n".join(textwrap.wrap(name, 17)))
        for left, tile in zip(places, row, strict=True):
            axes = figure.add_axes((left / width, 1 - (down + TILE) / height, TILE / width, TILE / height))
            axes.imshow(tile.pixels, cmap="inferno", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set(visible=tile.wrong, color="#D55E00", linewidth=2)
            write(left, down + TILE + 0.02, tile.below, fontsize=7)
    write(EDGE, height - EDGE - LINE * len(below), "\n".join(below))
    return figure


def _heading(text: str) -> list[str]:
    return textwrap.wrap(text, 13)
