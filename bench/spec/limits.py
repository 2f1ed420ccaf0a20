"""Limits of a setting. Each has a check, and its text is used in messages and in the help."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from bench.errors import BadInput, unknown


@dataclass(frozen=True)
class Range:
    """A number from ``low`` to ``high``.

    Args:
        what: the quantity and its unit, for the message.
        open_low, open_high: the bound itself is left out.
        whole: the number is an integer.
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
        """Raise BadInput where ``value`` is outside; ``where`` names the setting. A percentage gets a hint."""
        if self.holds(value):
            return
        percentage = isinstance(value, int | float) and self.high == 1 < value and self.holds(value / 100)
        hint = f"; did you mean {value / 100:g}?" if isinstance(value, int | float) and percentage else ""
        kind = ", a whole number" if self.whole and isinstance(value, float) else ""
        raise BadInput(f"{where} is {value!r}: expected {self}{kind}{hint}")

    def integer(self, where: str, value: object) -> int:
        """Return ``value``, where 20.0 is 20, as an integer; BadInput where it is not one inside the bounds."""
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        self.check(where, number)
        assert isinstance(number, int)
        return number


@dataclass(frozen=True)
class OneOf:
    """A name of a table."""

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
    """A text that matches the regular expression ``form`` as a whole."""

    what: str
    form: str

    def __str__(self) -> str:
        return self.what

    def check(self, where: str, value: object) -> None:
        """Raise BadInput where ``value`` has another form."""
        if not isinstance(value, str) or not re.fullmatch(self.form, value):
            raise BadInput(f"{where} is {value!r}: expected {self.what}")
