"""The panels of a figure and the formats of a report."""

from __future__ import annotations

import re
from enum import StrEnum

from bench.records.outcomes import Quantity

KINDS = ("png", "svg")
FORMATS = (*KINDS, "csv", "md", "tex", "html")


class Panel(StrEnum):
    """A panel of a figure: a shows accuracy, b the drop."""

    A = "a"
    B = "b"

    @property
    def quantity(self) -> Quantity:
        """The quantity that the panel shows."""
        return Quantity.ACCURACY if self is Panel.A else Quantity.DROP

    @property
    def words(self) -> str:
        """What it shows, for readers who cannot see it."""
        return "accuracy against eps" if self is Panel.A else "drop in accuracy against eps"

    def of(self, name: str) -> str:
        """Return the name of this panel of the figure ``name``: "9a" of 9, "10a-b" of 10a."""
        return name + ("" if name[-1:].isdigit() else "-") + self.value


def in_numerical_order(name: str) -> list[tuple[int, str]]:
    """Return what sorts names of figures by their numbers: 8, 9, 10a, 10b."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part]
