"""A table as data: the text of a cell, its number, and the command that would fill it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bench.comparison.verdict import DASH


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Args:
        text: as it is shown; a dash where nothing is measured.
        number: the cell as a number, where it is one.
        deviation: the standard deviation over seeds.
        low: the lower end of the 95 % interval, and ``high`` the upper one.
        command: what would fill a cell that is not measured.
    """

    text: str
    number: float | None = None
    deviation: float | None = None
    low: float | None = None
    high: float | None = None
    command: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its name and the section of the table that it belongs to ("run", "accuracy", "drop", ...)."""

    name: str
    section: str


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        name: of its files.
        caption: what the numbers are, and ``notes`` how to read them.
        rows: a cell for each column.
        missing: the commands that would fill the dashes.
    """

    name: str
    title: str
    caption: str
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    missing: tuple[str, ...] = ()

    def only(self, *sections: str) -> Table:
        """Return the table with the columns of ``sections`` alone, in their order."""
        return self.named(*[column.name for column in self.columns if column.section in sections])

    def named(self, *names: str) -> Table:
        """Return the table with the columns of ``names`` alone, in their order. Unknown names are passed over."""
        kept = [place for place, column in enumerate(self.columns) if column.name in names]
        rows = tuple(tuple(row[place] for place in kept) for row in self.rows)
        return replace(self, columns=tuple(self.columns[place] for place in kept), rows=rows)

    @property
    def filled(self) -> Table:
        """The table without the columns in which nothing is measured."""
        return self.named(
            *[each.name for each in self.columns if any(row.text != DASH for row in self.column(each.name))]
        )

    def column(self, name: str) -> tuple[Cell, ...]:
        """Return the cells of the column ``name``. KeyError where there is none."""
        return tuple(row[name] for row in self.by_name)

    @property
    def by_name(self) -> list[dict[str, Cell]]:
        """The rows, each with its cells by the name of their column."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


def columns(sections: Mapping[str, Iterable[str]]) -> tuple[Column, ...]:
    """Return the columns of each section, by the names of the columns."""
    return tuple(Column(name, section) for section, names in sections.items() for name in names)


def unmeasured(command: str) -> Cell:
    """Return the cell of what is not measured yet."""
    return Cell(DASH, command=command)
