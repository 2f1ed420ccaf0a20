"""The picture of the first screen for a narrow window: a row for each network, from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass

from bench.report.answer import SMALLER, Answer, described, times
from bench.report.answer_picture import kind_of, shape_of, short, top_of

WIDTH = 360  # of the picture, in units of its viewBox
STEP, HEAD, TOP = 16, 22, 16  # from row to row, for the name of a method, above all
LETTER = 5.9  # width of a letter of a label
LONGEST = 31  # letters of a label; a longer one is cut, and the whole name is told when pointed at
EDGE, SIZE = 8, 34  # beside the labels and the plot, and for the compression at the right end


@dataclass(frozen=True)
class Row:
    """A network: from what FGSM says, at ``says``, to what is left, at ``left``; ``size`` is how many times smaller it is."""

    y: int
    label: str
    says: float
    left: float
    kind: str
    mark: str
    run: str
    words: str
    size: str


@dataclass(frozen=True)
class Rows:
    """The shapes. ``headings`` are the names of the methods with their places, ``levels`` those of the axis."""

    rows: tuple[Row, ...]
    headings: tuple[tuple[int, str], ...]
    levels: tuple[tuple[float, str], ...]
    height: int
    width: int = WIDTH


def in_rows(answer: Answer) -> Rows:
    """Return the picture of ``answer``, a network a row, by method, then by architecture and batch size."""
    names = {
        each: f"{setting.name.replace(', batch ', ' b')}{', ' * bool(short(each))}{short(each)}"
        for group in answer.groups
        for setting in group.settings
        for each in setting.standings
    }
    labels = {each: name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for each, name in names.items()}
    begin = EDGE + LETTER * max(map(len, labels.values()), default=0)
    scale = (WIDTH - SIZE - EDGE - begin) / top_of(answer)
    rows, headings, y = [], [], TOP
    for group in answer.groups:
        y += HEAD
        headings.append((y, group.method))
        for each in (each for setting in group.settings for each in setting.standings):
            y += STEP
            left, ratio = each.left if each.second_attack else each.naive, each.compression
            rows.append(
                Row(
                    y=y,
                    label=labels[each],
                    says=begin + scale * each.naive,
                    left=begin + scale * left,
                    kind=kind_of(each),
                    mark=shape_of(each),
                    run=each.run.name,
                    words=described(each, answer.names[each.run]),
                    size="" if ratio is None or ratio < SMALLER else times(ratio),
                )
            )
    levels = tuple((begin + scale * level / 100, f"{level}") for level in range(0, round(100 * top_of(answer)) + 1, 20))
    return Rows(tuple(rows), tuple(headings), levels, y + STEP)
