"""A table as Markdown, LaTeX and HTML fragments, in which nothing that a record says can be anything but text."""

from __future__ import annotations

import re
from collections.abc import Callable

from bench.report.tables.html_table import html_table
from bench.report.tables.markup import joined, tag
from bench.report.tables.table import Table, as_csv, printable

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "—": "---",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def as_markdown(table: Table) -> str:
    """Return the table as GitHub Markdown, with the commands that fill its dashes below."""
    lines = [
        f"### {markdown(table.title)}",
        "",
        markdown(table.caption),
        "",
        markdown_rows(table),
        *[f"- {markdown(note)}" for note in table.notes],
    ]
    return "\n".join(lines) + "\n" + (f"\n{markdown_missing(table)}" if table.missing else "")


def markdown_rows(table: Table) -> str:
    """Return the head and the rows of the table alone, as GitHub Markdown."""
    lines = [
        _pipes([column.name for column in table.columns]),
        "|" + " --- |" * len(table.columns),
        *[_pipes([cell.text for cell in row]) for row in table.rows],
    ]
    return "\n".join(lines) + "\n"


def markdown_missing(table: Table) -> str:
    """Return the commands that fill the dashes of the table, as Markdown; nothing where there are none."""
    if not table.missing:
        return ""
    commands = [f"    {printable(command)}" for command in table.missing]
    return "\n".join(["Not measured yet; these commands fill the dashes:", "", *commands]) + "\n"


def as_latex(table: Table) -> str:
    """Return the table as a LaTeX ``table`` with a plain ``tabular``, which needs no package."""
    rows = [[column.name for column in table.columns], *[[cell.text for cell in row] for row in table.rows]]
    body = [" & ".join(_latex(text) for text in row) + r" \\" for row in rows]
    missing = [rf"\texttt{{{_latex(command)}}}\\" for command in table.missing]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{_latex(f'{table.title}. {table.caption}')}}}",
            rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}",
            r"\hline",
            body[0],
            r"\hline",
            *body[1:],
            r"\hline",
            r"\end{tabular}",
            *[rf"\par {_latex(note)}" for note in table.notes],
            *([r"\par Not measured yet:\\", *missing] if missing else []),
            r"\end{table}",
            "",
        ]
    )


def as_html(table: Table) -> str:
    """Return the table as an HTML fragment.

    A cell has its number in ``data-sort``, for sorting; a cell that is not measured has the command that fills it in
    ``title``, and all commands stand below the table. A column's group is its heads' and cells' class.
    """
    groups = [re.sub(r"[^a-z]+", "-", column.group.lower()) for column in table.columns]
    caption = tag("caption", tag("strong", table.title), f" {table.caption}")
    missing = [tag("p", "Not measured yet; these commands fill the dashes:"), tag("pre", "\n".join(table.missing))]
    return joined(
        [
            html_table(table, caption, groups=groups, id=table.name),
            tag("ul", *[tag("li", note) for note in table.notes]),
            *(missing if table.missing else []),
        ]
    )


def _pipes(texts: list[str]) -> str:
    return "| " + " | ".join(markdown(text) for text in texts) + " |"


def markdown(text: str) -> str:
    """Return ``text`` as Markdown that shows it and does nothing else."""
    # Backslashes keep a cell from being markup, a link or the end of its cell; entities keep it from being a tag.
    escaped = re.sub(r"([\\`*_\[\]|!~#$])", r"\\\1", printable(text).replace("\n", " "))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _latex(text: str) -> str:
    return "".join(LATEX.get(sign, sign) for sign in printable(text))


WRITERS: dict[str, Callable[[Table], str]] = {
    "csv": as_csv,
    "md": as_markdown,
    "tex": as_latex,
    "html": as_html,
}
