"""A figure on the page: pictures, who attacked, the table, what may be said, what is missing and how to make it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.comparison.verdict import DASH
from bench.records.outcomes import Quantity
from bench.report.pages.markdown import COLUMNS, Section, alternative, report_command, sweep_command, verdicts
from bench.report.pages.pictures import shown
from bench.report.tables.html_table import box, html_table
from bench.report.tables.markup import Html, joined, tag
from bench.report.tables.table import Table
from bench.runs.grid import Grid

EVERY = {
    Quantity.ACCURACY: "Accuracy at every eps",
    Quantity.DROP: "Drop, accuracy(0) - accuracy(eps), at every eps",
    Quantity.CLEAN_CORRECT: "Accuracy at every eps among the images classified rightly at eps 0",
}


def figure(section: Section, grid: Grid, seeds: Iterable[int], pictures: Mapping[str, str]) -> Html:
    """Return all that the page says of a figure; ``pictures`` are those that it carries, by the names of their files."""
    group, table = section.group, section.table
    said = _said(section)
    parts = [
        tag("h3", title(section)),
        tag("p", table.caption),
        _pictures(section, pictures),
        box(html_table(table.named(*COLUMNS)), f"figure {group.name}"),
        *([tag("h4", "What may be said"), said] if said else []),
        _every(table),
        _missing(table),
        tag("p", "To make this figure again:"),
        tag("pre", f"{sweep_command(grid, seeds, group.figure)}\n{report_command(grid, group.figure)}"),
    ]
    return tag("article", *parts, id=f"figure-{group.name}")


def title(section: Section) -> str:
    """Return the title of a figure: its number, its networks and who attacks them."""
    group = section.group
    return f"Figure {group.figure}: {group.title}; {group.attacker}"


def _pictures(section: Section, pictures: Mapping[str, str]) -> Html:
    names = shown(section.images)
    if not names:
        return tag("p", "No picture: none of these networks has a record under this attack.", class_="note")
    images = [
        tag(
            "figure",
            tag("img", src=pictures[name], alt=alternative(section.group, name)),
            class_="picture",
            tabindex="0",
        )
        for name in names
        if name in pictures
    ]
    rest = ", ".join(name for name in names if name not in pictures)
    beside = [tag("p", f"More pictures of it are files beside this page: {rest}.", class_="note")] if rest else []
    return joined([tag("div", *images, class_="pictures"), *beside])


def _said(section: Section) -> Html:
    by_quantity: dict[Quantity, list[Html]] = {}
    for label, quantity, text in verdicts(section):
        verdict, mark, numbers = text.partition(": difference")
        line = tag("li", f"{label}: ", tag("b", verdict), f"{mark}{numbers}")
        by_quantity.setdefault(quantity, []).append(line)
    lists = [tag("div", tag("p", f"In {quantity}:"), tag("ul", *lines)) for quantity, lines in by_quantity.items()]
    return tag("div", *lists, class_="said") if lists else Html()


def _every(table: Table) -> Html:
    """Return the table of every radius for each quantity, and of all that is left, to be opened."""
    parts = []
    for quantity, title in EVERY.items():
        narrow = table.only(str(quantity))
        names = ["network", *[column.name for column in narrow.columns]]
        heads = [name.removeprefix(f"{quantity} at ") for name in names]
        parts += [tag("h4", title), box(html_table(table.named(*names), heads=heads), title)]
    rest = ["network", *[column.name for column in table.only("compression", "masking", "threat").columns]]
    title = "Compression, gradients and attacker"
    parts += [tag("h4", title), box(html_table(table.named(*rest)), title)]
    return tag("details", tag("summary", "Every number of this figure"), *parts)


def _missing(table: Table) -> Html:
    if not table.missing:
        return Html()
    count = len(table.missing)
    lines = tag("pre", "\n".join(table.missing))
    summary = tag(
        "summary", f"{DASH} stands for what is not measured: {count} command{'s fill' if count > 1 else ' fills'} it"
    )
    return tag("details", summary, lines, open=count <= 4)
