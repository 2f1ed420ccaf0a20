"""The picture of the first screen as a file: for every network, from what FGSM says down to what is left."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.comparison.standing import Standing
from bench.report.answer import QUESTION, Answer, times
from bench.report.answer_layout import Layout, Span, laid_out, rows_of
from bench.report.answer_picture import kind_of, short, top_of, words_of
from bench.report.figures.style import blank, framed, style

WORDS = "what FGSM says of every network and what is left of it, by method, with its verdict and its compression"
ACROSS = 1000.0  # the width of the axes in the units of the layout
LETTER = 10.5  # the width of a letter below the axes, in the same
BOLD = 12.5  # that of a bold one
UPRIGHT = 5.2  # points: the length of a letter of one that stands upright
ROOM = 90.0  # points below the axes that the layout leaves to names
LOOKS: dict[str, dict[str, Any]] = {
    "resists": {"color": "#0072B2", "marker": "o"},
    "breaks": {"color": "#D55E00", "marker": "x", "markeredgewidth": 2.2},
    "masked": {"color": "#AA3377", "marker": "D"},
    "inconclusive": {"color": "#666666", "marker": "s", "mfc": "white"},
    "not-audited": {"color": "#666666", "marker": "o", "mfc": "white"},
    "alone": {"color": "#666666"},
    "not-audited hides": {"color": "#AA3377", "marker": "D", "mfc": "white"},
}


@style()
def draw_answer(answer: Answer) -> Figure | None:
    """Return the picture of ``answer``: a line a network, grouped by method. None where there is no network."""
    if not answer.shown:
        return None
    layout = laid_out(answer.groups, 0.0, ACROSS, lambda _: 0.0)
    figure, (axes, below) = blank((3.6, 0.5))
    used: dict[str, Standing] = {}
    for x, each in layout.places:
        look = LOOKS[kind_of(each)]
        axes.plot([x], [100 * each.naive], color=look["color"], marker="_", markersize=9, markeredgewidth=2.2)
        if each.second_attack:
            used.setdefault(kind_of(each), each)
            axes.plot([x, x], [100 * each.naive, 100 * each.left], color=look["color"], linewidth=2)
            axes.plot([x], [100 * each.left], markersize=6.5, linestyle="", **look)
        if each.compression is not None:
            below.bar([x], [each.compression], width=0.45 * layout.step, color="0.55")
    axes.set_ylim(0, 100 * top_of(answer))
    axes.set_ylabel("accuracy, %")
    axes.set_xlim(-0.5 * layout.step, max(layout.methods[-1].high, ACROSS / 4) + 0.5 * layout.step)
    axes.grid(visible=False, axis="x")
    below.set_yscale("log")
    below.set_ylim(1, max(2.0, *[each.compression or 1.0 for each in answer.shown]))
    below.set_ylabel("smaller", fontsize="small")
    below.minorticks_off()
    largest = max([each.compression or 1.0 for each in answer.shown])
    below.set_yticks([1, max(2.0, largest)], ["1x", times(max(2.0, largest))])
    below.grid(visible=False)
    below.set_xticks([x for x, _ in layout.places], [short(each) for _, each in layout.places], rotation=90, fontsize=9)
    depth = _named(below, layout)
    figure.set_figheight(figure.get_figheight() + max(0.0, depth - ROOM) / 72)
    marks = [
        Line2D(
            [],
            [],
            color="0.3",
            marker="_",
            linestyle="",
            markeredgewidth=2.2,
            label="FGSM says" + " (alone: no other attack)" * answer.alone,
        )
    ]
    marks += [
        Line2D([], [], linestyle="", markersize=6.5, label=words_of(each), **LOOKS[kind])
        for kind, each in sorted(used.items())
    ]
    elsewhere = " (some at another eps: see below)" * bool(answer.elsewhere)
    what = f"what FGSM says and what is left at eps {answer.eps:g}{elsewhere}, L-infinity"
    caption = (answer.threat, answer.reading, *[answer.left_out] * bool(answer.left_out))
    return framed(figure, QUESTION, what, caption, marks)


def _named(axes: Axes, layout: Layout) -> float:
    """Write the names of settings and methods below ``axes``, and return how far down they go, in points."""
    longest = max(len(short(each)) for _, each in layout.places)
    low = -14.0 - UPRIGHT * longest
    tall = 0.0
    for span in layout.settings:
        text = span.name.replace(", ", "\n")
        upright = LETTER * max(map(len, text.split("\n"))) > span.high - span.low
        text = span.name.replace(", batch ", " b") if upright else text
        tall = max(tall, UPRIGHT * max(map(len, text.split("\n"))) + 6 if upright else 26.0)
        _below(axes, text, span, low, rotation=90 if upright else 0)
    rows = rows_of([(span.middle, BOLD * (len(span.name) + 1)) for span in layout.methods])
    for span, row in zip(layout.methods, rows, strict=True):
        _below(axes, span.name, span, low - tall - 8 - 13 * row, fontweight="bold")
    return -low + tall + 8 + 13 * (max(rows) + 1)


def _below(axes: Axes, text: str, span: Span, y: float, **look: Any) -> None:
    """Write ``text`` in the middle of ``span``, ``y`` points below ``axes``."""
    at: Any = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(text, (span.middle, 0), (0, y), ha="center", va="top", fontsize=9, **at, **look)
