"""What a setting may be: one object is its check, its message and its line in the help."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from bench.errors import BadInput, unknown


@dataclass(frozen=True)
class Range:
    """A number from ``low`` to ``high``; ``open_high`` and ``open_low`` leave the bound itself out.

    ``what`` names the quantity and its unit, for the message. ``whole`` asks for an integer.
    """

    what: str
    low: float
    high: float
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

    def __str__(self) -> str:
        opening, closing = "(" if self.open_low else "[", ")" if self.open_high else "]"
        return f"{self.what} in {opening}{self.low:.10g}, {self.high:.10g}{closing}"

    def holds(self, value: object) -> bool:
        """Tell whether ``value`` is a finite number of the right kind inside the bounds."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return False
        if self.whole and not isinstance(value, int):
            return False
        above = value > self.low or (value == self.low and not self.open_low)
        below = value < self.high or (value == self.high and not self.open_high)
        return above and below

    def check(self, where: str, value: object) -> None:
        """Raise BadInput, with the range and a guess at what was meant, where ``value`` is outside; ``where`` names it."""
        if self.holds(value):
            return
        percent = value / 100 if isinstance(value, int | float) and self.high == 1 else None
        hint = (
            f"; did you mean {percent:g}?" if percent is not None and value != percent and self.holds(percent) else ""
        )
        raise BadInput(f"{where} is {value!r}: expected {self}{hint}")


@dataclass(frozen=True)
class OneOf:
    """A name out of a table."""

    what: str
    names: Collection[str]

    def __str__(self) -> str:
        return f"{self.what}: {', '.join(sorted(self.names))}"

    def check(self, where: str, value: object) -> None:
        """Raise BadInput, with the allowed names and the nearest, where ``value`` is not among them."""
        if value not in self.names:
            raise unknown(where, str(value), self.names)


@dataclass(frozen=True)
class Words:
    """A text of a given form, a regular expression that it must match whole."""

    what: str
    form: str

    def __str__(self) -> str:
        return self.what

    def check(self, where: str, value: object) -> None:
        """Raise BadInput where ``value`` has another form."""
        if not isinstance(value, str) or not re.fullmatch(self.form, value):
            raise BadInput(f"{where} is {value!r}: expected {self.what}")
