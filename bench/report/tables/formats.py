"""A table as CSV, Markdown, LaTeX and HTML."""

from __future__ import annotations

import csv
import io

from bench.report.escaping import spreadsheet
from bench.report.rendering import render
from bench.report.tables.table import Cell, Table

TABLE_KINDS = ("csv", "md", "tex", "html")


def written(table: Table, kind: str) -> str:
    """Return ``table`` as a file of ``kind``, one of ``TABLE_KINDS``."""
    return as_csv(table) if kind == "csv" else render(f"table.{kind}", table=table)


def as_csv(table: Table) -> str:
    """Return the table as CSV: numbers in their units, with columns for deviation and interval where some cell has them.

    The last column has the command that fills a dash. Text that a spreadsheet would run gets an apostrophe in front.
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
    writer.writerow([spreadsheet(name) for name in [*names, "to fill it"]])
    for row in table.rows:
        commands = dict.fromkeys(cell.command for cell in row if cell.command)
        writer.writerow([*[_csv(row[place], part) for place, part in parts], spreadsheet("; ".join(commands))])
    return file.getvalue()


def _csv(cell: Cell, part: str) -> str:
    found = getattr(cell, part)
    if found is not None:
        return f"{found:.9g}"  # the last digits of a mean depend on the processor
    return spreadsheet(cell.text) if part == "number" else ""
