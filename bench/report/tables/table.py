"""A table as data: what a cell says, what it is as a number, and the command that would fill it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from typing import Any

from bench.comparison.verdict import DASH

FORMULA = ("=", "+", "-", "@", "\n")


@dataclass(frozen=True)
class Cell:
    """A cell: its text, and, where it is a number, the number with its deviation over seeds and its interval.

    ``command``: what would fill a cell that is not measured; its text is then a dash.
    """

    text: str
    number: float | None = None
    deviation: float | None = None
    low: float | None = None
    high: float | None = None
    command: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its name, the group that it belongs to ("run", "accuracy", "drop", ...) and its unit."""

    name: str
    group: str
    unit: str


@dataclass(frozen=True)
class Table:
    """A table: ``caption`` says what was done to whom, ``notes`` how to read it, ``missing`` what would complete it."""

    name: str
    title: str
    caption: str
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    missing: tuple[str, ...] = ()

    def only(self, *groups: str) -> Table:
        """Return the table with the columns of ``groups`` alone, in their order: the whole is wide."""
        return self._kept([place for place, column in enumerate(self.columns) if column.group in groups])

    def named(self, *names: str) -> Table:
        """Return the table with the columns of ``names`` alone, in their order; a name that is no column is passed over."""
        return self._kept([place for place, column in enumerate(self.columns) if column.name in names])

    def column(self, name: str) -> tuple[Cell, ...]:
        """Return the cells of the column of that name, a row each; KeyError where there is none."""
        places = {column.name: place for place, column in enumerate(self.columns)}
        return tuple(row[places[name]] for row in self.rows)

    def _kept(self, kept: list[int]) -> Table:
        rows = tuple(tuple(row[place] for place in kept) for row in self.rows)
        return replace(self, columns=tuple(self.columns[place] for place in kept), rows=rows)


def unmeasured(command: str) -> Cell:
    """Return the cell of what is not measured yet."""
    return Cell(DASH, command=command)


def as_csv(table: Table) -> str:
    """Return the table as CSV: numbers in their units, with columns for deviation and interval where a column has them.

    A text that a spreadsheet would run is preceded by an apostrophe; a missing cell is a dash, and the last column has the
    command that fills it.
    """
    parts = [
        (place, part)
        for place in range(len(table.columns))
        for part in ("number", "deviation", "low", "high")
        if part == "number" or any(getattr(row[place], part) is not None for row in table.rows)
    ]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = [table.columns[place].name + ("" if part == "number" else f" {part}") for place, part in parts]
    writer.writerow([_defused(name) for name in [*names, "to fill it"]])
    for row in table.rows:
        commands = dict.fromkeys(cell.command for cell in row if cell.command)
        writer.writerow([*[_csv(row[place], part) for place, part in parts], _defused("; ".join(commands))])
    return file.getvalue()


def _csv(cell: Cell, part: str) -> Any:
    found = getattr(cell, part)
    if found is not None:
        return f"{found:.9g}"  # the last digits of a mean are the processor's
    return _defused(cell.text) if part == "number" else ""


def _defused(text: str) -> str:
    # A spreadsheet runs a cell that begins like a formula.
    shown = printable(text)
    return f"'{shown}" if shown.startswith(FORMULA) else shown


def printable(text: str) -> str:
    """Return ``text`` without the control characters that a terminal obeys, or that turn text around; line ends stay."""
    return "".join(sign if sign == "\n" or sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
