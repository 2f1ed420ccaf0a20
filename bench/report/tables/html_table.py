"""A table as HTML that sorts: numbers beside their text, a dash with the command that would fill it."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.tables.markup import Html, tag
from bench.report.tables.table import Cell, Table

WRAP = Html("<wbr>")


def html_table(
    table: Table,
    caption: str = "",
    heads: Sequence[str] = (),
    groups: Sequence[str] = (),
    **attributes: str | None,
) -> Html:
    """Return ``table`` as a ``table`` element with ``attributes``: head and rows, the first cell of each the row's name.

    ``heads``: other words for the columns' names. ``groups``: a class for each column's cells. A cell has its number in
    ``data-sort``, and the command that would fill it in ``title``.
    """
    names = heads or [column.name for column in table.columns]
    classes: list[str | None] = [*groups] or [None] * len(names)
    head = [tag("th", name, scope="col", class_=group) for name, group in zip(names, classes, strict=True)]
    rows = [
        tag(
            "tr",
            *[cell_of(cell, place == 0, group) for place, (cell, group) in enumerate(zip(row, classes, strict=True))],
        )
        for row in table.rows
    ]
    return tag("table", caption, tag("thead", tag("tr", *head)), tag("tbody", *rows), **attributes)


def cell_of(cell: Cell, first: bool, group: str | None = None) -> Html:
    """Return a cell, the first of a row as the row's name."""
    mean, mark, interval = cell.text.partition(" [")
    return tag(
        "th" if first else "td",
        *([f"{mean} ", WRAP, f"[{interval}"] if mark and cell.low is not None else [cell.text]),
        scope="row" if first else None,
        class_=group,
        data_sort=None if cell.number is None else f"{cell.number:.9g}",
        title=cell.command or None,
    )


def box(table: Html, label: str) -> Html:
    """Return ``table`` in a box of its own, in which what is too wide scrolls, by keyboard as well."""
    return tag("div", table, class_="box", role="region", aria_label=label, tabindex="0")


def filter_of(place: str, what: str) -> Html:
    """Return a field that filters the rows of the tables in the part ``place`` of a page, where scripts run."""
    field = tag("input", type="search", data_of=place, placeholder="words that a row must have", autocomplete="off")
    return tag("label", f"Filter {what} ", field, tag("output", aria_live="polite"), class_="filter")
