"""Text from records stays text: in a terminal, a spreadsheet, Markdown and LaTeX."""

from __future__ import annotations

import re

from bench.records.export import FORMULA

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


def cleaned(text: str) -> str:
    """Return ``text`` with every control character replaced, and every one that reverses text. Line ends stay."""
    if text.isprintable():  # as nearly all are; to look at each sign takes a tenth of a large page
        return text
    return "".join(sign if sign == "\n" or sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def spreadsheet(text: str) -> str:
    """Return ``text`` with an apostrophe in front where a spreadsheet would run it as a formula."""
    shown = cleaned(text)
    return f"'{shown}" if shown.startswith(FORMULA) else shown


def markdown(text: str) -> str:
    """Return ``text`` as one line of Markdown that shows it as it is."""
    # Backslashes prevent markup, links and the end of a cell; entities prevent tags.
    escaped = re.sub(r"([\\`*_\[\]|!~#$])", r"\\\1", cleaned(text).replace("\n", " "))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def latex(text: str) -> str:
    """Return ``text`` as LaTeX that shows it as it is."""
    return "".join(LATEX.get(sign, sign) for sign in cleaned(text))
