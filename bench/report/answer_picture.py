"""The picture of the first screen as shapes for the page, in a wide window: networks side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, log

from bench.audit.verdict import Kind
from bench.comparison.standing import Standing
from bench.report.answer import Answer, described, times
from bench.report.answer_layout import Layout, Span, laid_out, rows_of
from bench.report.network_names import setting_of

LETTER = 6.4  # width of a letter of a label, in units of the picture
MARKS = {
    Kind.RESISTS: "disc",
    Kind.BREAKS: "cross",
    Kind.MASKED: "diamond",
    Kind.INCONCLUSIVE: "square",
    None: "ring",
}


@dataclass(frozen=True)
class Frame:
    """The measures of the picture, in units of its viewBox.

    Args:
        plot: where accuracy 0 lies below the top.
        size: the height of the strip that shows compression.
        below: the least height of the words below the strip.
        upright: whether the names of settings stand upright, as there is no room for them.
    """

    width: int
    plot: int
    size: int
    below: int
    upright: bool


ROOMY = Frame(1240, 250, 30, 88, upright=False)
CROWDED = replace(ROOMY, below=118, upright=True)
UPRIGHT = 11.0  # the width of a name that stands upright
NARROWEST = 14.0  # a step between networks below which names stand upright
BESIDE = 33  # below the strip, what an upright name cannot take
BOLD = 8.4  # width of a letter in the name of a method
LINE = 14  # between the rows of these names
LEFT, TOP = 48, 12


@dataclass(frozen=True)
class Mark:
    """A network: from what FGSM says, at ``top``, to what is left, at ``bottom``; ``bar`` is the height for its compression."""

    x: float
    top: float
    bottom: float
    kind: str
    mark: str
    run: str
    words: str
    label: str
    bar: float
    size: str


@dataclass(frozen=True)
class Method(Span):
    """A method, with the place of the middle of its name, so that the name ends within the picture, and the row of the name."""

    at: float
    row: int


@dataclass(frozen=True)
class Drawn:
    """The shapes."""

    frame: Frame
    levels: tuple[tuple[float, str], ...]
    marks: tuple[Mark, ...]
    settings: tuple[Span, ...]
    methods: tuple[Method, ...]
    upright_labels: bool

    @property
    def height(self) -> int:
        """The height of the picture."""
        return self.line + 17 + LINE * max((each.row for each in self.methods), default=0)

    @property
    def line(self) -> int:
        """Where the lines below the methods are."""
        return self.floor + self.frame.size + self.frame.below - 17 + 22 * self.upright_labels

    @property
    def floor(self) -> int:
        """Where accuracy is 0."""
        return TOP + self.frame.plot


def drawn(answer: Answer) -> Drawn:
    """Return the picture of ``answer``."""
    frame = ROOMY
    layout = _laid_out(answer, frame)
    if layout.step < NARROWEST:
        frame = CROWDED
        layout = _laid_out(answer, frame)
    settings = layout.settings
    if frame.upright:
        settings = tuple(replace(each, name=each.name.replace(", batch ", " b")) for each in settings)
        longest = max((len(each.name) for each in settings), default=0)
        frame = replace(frame, below=max(frame.below, ceil(LETTER * longest) + BESIDE))
    top = top_of(answer)
    largest = max([each.compression or 1.0 for each in answer.shown] + [2.0])
    marks = tuple(_mark(answer, frame, x, each, top, largest) for x, each in layout.places)
    levels = tuple((_y(frame, level / 100, top), f"{level}") for level in range(0, round(100 * top) + 1, 20))
    middles = [_inside(each, frame) for each in layout.methods]
    rows = rows_of([(at, BOLD * len(each.name) + 8) for at, each in zip(middles, layout.methods, strict=True)])
    methods = tuple(
        Method(each.name, each.low, each.high, at, row)
        for each, at, row in zip(layout.methods, middles, rows, strict=True)
    )
    return Drawn(frame, levels, marks, settings, methods, _upright(layout, frame))


def _laid_out(answer: Answer, frame: Frame) -> Layout:
    return laid_out(answer.groups, LEFT + 6, frame.width - 4, lambda name: UPRIGHT if frame.upright else _room(name))


def top_of(answer: Answer) -> float:
    """Return the end of the axis: a multiple of 0.2 with room for every number."""
    return min(1.0, ceil(5 * max(0.19, *[max(each.naive, each.left) for each in answer.shown]) + 0.05) / 5)


def short(standing: Standing) -> str:
    """Return the setting of a network in a few letters: "90 %", "T 50"."""
    words = setting_of(standing.run)
    return (
        "" if words == "dense" else words.replace(" zero", "").replace("T = ", "T ").replace("adversarial eps", "adv")
    )


def kind_of(standing: Standing) -> str:
    """Return the name of the class of a network's colour. One that is not audited but hides its gradient is told apart."""
    if not standing.second_attack:
        return "alone"
    return standing.word.replace(" ", "-") + " hides" * _hides(standing)


def legend(answer: Answer) -> tuple[tuple[str, str, str], ...]:
    """Return the mark, the class and the words of each kind of verdict in the picture."""
    found = {kind_of(each): (shape_of(each), words_of(each)) for each in answer.shown if each.second_attack}
    return tuple((mark, kind, text) for kind, (mark, text) in sorted(found.items()))


def words_of(standing: Standing) -> str:
    """Return what the mark of a network means."""
    return f"left; {standing.word}{', gradient masked' * _hides(standing)}"


def shape_of(standing: Standing) -> str:
    """Return the name of the mark of a network."""
    if not standing.second_attack:
        return "none"
    return "hollow" if _hides(standing) else MARKS[standing.verdict]


def _hides(standing: Standing) -> bool:
    return bool(not standing.audited and standing.hides)


def _mark(answer: Answer, frame: Frame, x: float, each: Standing, top: float, largest: float) -> Mark:
    ratio = each.compression
    return Mark(
        x=x,
        top=_y(frame, each.naive, top),
        bottom=_y(frame, each.left if each.second_attack else each.naive, top),
        kind=kind_of(each),
        mark=shape_of(each),
        run=each.run.name,
        words=described(each, answer.names[each.run]),
        label=short(each),
        bar=0.0 if ratio is None or ratio <= 1 else (frame.size - 12) * log(ratio) / log(largest) + 1,
        size="" if ratio is None or frame.upright else times(ratio),
    )


def _y(frame: Frame, accuracy: float, top: float) -> float:
    return TOP + frame.plot * (1 - accuracy / top)


def _room(name: str) -> float:
    return LETTER * max(len(part) for part in name.split(", ")) + 6


def _inside(span: Span, frame: Frame) -> float:
    half = BOLD / 2 * len(span.name)
    return max(half, min(span.middle, frame.width - half))


def _upright(layout: Layout, frame: Frame) -> bool:
    return not frame.upright and any(LETTER * len(short(each)) > layout.step + 3 for _, each in layout.places)
