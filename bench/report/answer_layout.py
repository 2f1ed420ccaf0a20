"""Where each network stands in the picture of the first screen: side by side, by method and by setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.comparison.standing import Standing
from bench.report.answer import Group

GAPS = (0.5, 1.5)  # between settings and between methods, in steps
WIDEST = 72.0  # a step between two networks, where there are few


@dataclass(frozen=True)
class Span:
    """A stretch of the picture with a name, from ``low`` to ``high``."""

    name: str
    low: float
    high: float

    @property
    def middle(self) -> float:
        """Its middle."""
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class Layout:
    """The places of networks, settings and methods along the picture; ``step`` lies between two networks."""

    places: tuple[tuple[float, Standing], ...]
    settings: tuple[Span, ...]
    methods: tuple[Span, ...]
    step: float


def laid_out(groups: Sequence[Group], low: float, high: float, room: Callable[[str], float]) -> Layout:
    """Return the places between ``low`` and ``high``, with the widest step that fits.

    Args:
        room: the least width of a setting by its name, so that the name fits below it.
    """
    steps = [WIDEST * part / 400 for part in range(400, 0, -1)]
    fitting = (step for step in steps if _placed(groups, low, step, room).methods[-1].high <= high)
    return _placed(groups, low, next(fitting, steps[-1]), room)


def _placed(groups: Sequence[Group], low: float, step: float, room: Callable[[str], float]) -> Layout:
    places: list[tuple[float, Standing]] = []
    settings: list[Span] = []
    methods: list[Span] = []
    at = low
    for group in groups:
        begun = at
        for setting in group.settings:
            own = len(setting.standings) * step
            wide = max(own, room(setting.name))
            first = at + (wide - own) / 2 + step / 2
            places += [(first + place * step, each) for place, each in enumerate(setting.standings)]
            settings.append(Span(setting.name, at, at + wide))
            at += wide + GAPS[0] * step
        at -= GAPS[0] * step
        methods.append(Span(group.method, begun, at))
        at += GAPS[1] * step
    return Layout(tuple(places), tuple(settings), tuple(methods), step)


def rows_of(names: Sequence[tuple[float, float]]) -> list[int]:
    """Return a row for each name, so that no two names of a row overlap: the first row with room.

    Args:
        names: the middle of each and its width, from left to right.
    """
    ends: list[float] = []
    rows = []
    for middle, width in names:
        low = middle - width / 2
        row = next((row for row, end in enumerate(ends) if end <= low), len(ends))
        ends[row : row + 1] = [middle + width / 2]
        rows.append(row)
    return rows
