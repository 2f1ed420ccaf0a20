from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.comparison.verdict import DASH
from bench.report.tables.formats import TABLE_KINDS, as_csv, written
from bench.report.tables.table import Cell, Column, Table, unmeasured

EVIL = [
    "<script>alert(1)</script>",
    "=cmd()",
    "+1",
    "-1",
    "@x",
    "../x",
    "a|b",
    '"><img src=x onerror=y>',
    "\x1b[31mred\x1b[0m",
    "\u202eturned",
    "[x](javascript:y)",
    "`code`",
    "\t=cmd()",
    "\r=cmd()",
    "a & b % c $ d # e _ f { g } h ~ i ^ j \\ k",
]


def table(text: str, command: str = "bench run") -> Table:
    columns = (Column(text, "run"), Column("accuracy", "accuracy"))
    rows = ((Cell(text), Cell("50.0", 0.5, low=0.4, high=0.6)), (Cell("other"), unmeasured(command)))
    return Table(text, text, text, (text,), columns, rows, (command,))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


ALLOWED = {"table", "caption", "strong", "thead", "tbody", "tr", "th", "td", "ul", "li", "p", "pre", "wbr"}


@given(st.sampled_from(EVIL) | st.text(max_size=30))
def test_html_has_only_its_own_tags_and_attributes(text: str) -> None:
    tags = Tags()
    tags.feed(written(table(text, text), "html"))
    assert {tag for tag, _ in tags.found} <= ALLOWED
    assert {name for _, attributes in tags.found for name in attributes} <= {
        "id",
        "scope",
        "class",
        "data-sort",
        "title",
    }


def test_html_keeps_numbers_for_sorting_and_commands_for_dashes() -> None:
    tags = Tags()
    tags.feed(written(table("<b>"), "html"))
    assert ("td", {"class": "accuracy", "data-sort": "0.5"}) in tags.found
    assert ("td", {"class": "accuracy", "title": "bench run"}) in tags.found
    assert "<b>" in tags.text


@given(st.sampled_from(EVIL) | st.text(max_size=30))
def test_no_csv_cell_begins_like_a_formula_and_every_row_is_whole(text: str) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(table(text, text)))))
    assert {len(row) for row in rows} == {5}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


def test_csv_has_numbers_with_their_intervals_and_the_command_for_a_dash() -> None:
    first, second = csv.DictReader(io.StringIO(as_csv(table("a", "bench run --arch fc5"))))
    assert first == {"a": "a", "accuracy": "0.5", "accuracy low": "0.4", "accuracy high": "0.6", "to fill it": ""}
    assert (second["accuracy"], second["to fill it"]) == (DASH, "bench run --arch fc5")


@pytest.mark.parametrize("text", EVIL)
def test_markdown_has_no_tag_and_as_many_cells_as_columns(text: str) -> None:
    found = written(table(text), "md")
    assert "<" not in found
    body = [line for line in found.splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in body} == {3}
    assert "](javascript" not in found.replace(r"\]", "")


def test_latex_escapes_every_sign_that_means_something() -> None:
    found = written(table(EVIL[-1]), "tex")
    assert r"a \& b \% c \$ d \# e \_ f \{ g \} h \textasciitilde{} i \textasciicircum{} j \textbackslash{} k" in found
    assert r"\begin{tabular}{ll}" in found
    assert "---" in found


@pytest.mark.parametrize("kind", TABLE_KINDS)
def test_no_format_lets_a_terminal_be_commanded(kind: str) -> None:
    for text in EVIL:
        found = written(table(text), kind)
        assert not {sign for sign in found if sign != "\n" and not sign.isprintable()}
