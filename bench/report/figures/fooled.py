"""The picture of a fooling image: image + change = fooled, with what the network says of both."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bench.fooling.confidence import percent
from bench.records.schema import FooledRecord, GuessRow
from bench.report.figures.style import style
from bench.spec.words import how_many

SIDE = 3.0  # inches of an image
GAP = 0.45
WORDS = 1.3  # below the images
HEAD = 0.65


@style()
def fooled(record: FooledRecord, clean: NDArray[np.float32], moved: NDArray[np.float32]) -> Figure:
    """Return the picture.

    The change is shown around grey: a value that did not change is grey, and the largest change up or down goes to white or
    black. What is added is so small that it could not be seen otherwise.

    Args:
        record: what was found.
        clean: (height, width, 3), pixel levels.
        moved: the fooling image, of the same shape.
    """
    width, height = 3 * SIDE + 4 * GAP, SIDE + HEAD + WORDS
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    change = moved - clean
    largest = float(np.abs(change).max())
    factor = 127.5 / largest if largest else 1.0
    panels = (clean, 127.5 + factor * change, moved)
    change_in_words = _words_of_change(record, largest, factor) if record.fooled else ""
    words = (_answers(record.before), change_in_words, _answers(record.after))
    for place, (pixels, text) in enumerate(zip(panels, words, strict=True)):
        left = (GAP + place * (SIDE + GAP)) / width
        axes = figure.add_axes((left, WORDS / height, SIDE / width, SIDE / height))
        axes.imshow(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8), interpolation="nearest")
        axes.set_axis_off()
        figure.text(left, (WORDS - 0.1) / height, text, va="top", fontsize=10, linespacing=1.4)
        if place:
            sign = "+" if place == 1 else "="
            figure.text(
                left - GAP / 2 / width, (WORDS + SIDE / 2) / height, sign, ha="center", va="center", fontsize=20
            )
    figure.text(GAP / width, 1 - 0.1 / height, title(record), va="top", fontsize=11, linespacing=1.4)
    if record.fooled:
        figure.text(GAP / width, 0.1 / height, _stored(record), va="bottom", fontsize=10, color="0.25")
    return figure


def _stored(record: FooledRecord) -> str:
    first = record.in_whole_levels[0]
    return (
        f"Rounded to whole levels, as a file holds it, the fooling image is: {first.name}  {percent(first.confidence)}"
    )


def title(record: FooledRecord) -> str:
    """Return what was asked of whom, and what was found, in two lines."""
    goal = record.target_name or "any other class"
    if not record.fooled:
        found = f"not fooled within eps {record.failed:g}"
    elif record.eps_asked is not None:
        found = f"fooled within eps {record.eps_asked:g}"
    else:
        found = "fooled by the smallest change found"
    temperature = record.threat.trained_temperature
    sure = f"; confidence at T = {temperature:g}" * (temperature != 1)
    return f"{record.network}: {found}, towards {goal}\n{record.threat.norm}, {record.threat.knowledge}{sure}"


def _answers(rows: list[GuessRow]) -> str:
    return "\n".join(f"{_short(row.name)}  {percent(row.confidence)}" for row in rows)


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"


def _words_of_change(record: FooledRecord, largest: float, factor: float) -> str:
    what = f"change, at most {largest:.3g} pixel levels"
    steps = f"\n{how_many(record.steps, 'gradient step')}" if record.steps is not None else ""
    return f"{what}\nshown {float(f'{factor:.2g}'):,g} times as large, around grey{steps}"
