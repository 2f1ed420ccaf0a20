"""HTML that cannot be written wrong: whatever is not markup by its type is text, and is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from bench.report.tables.table import printable

VOID = frozenset({"meta", "img", "input"})
BLOCKS = frozenset(
    {"meta", "head", "section", "article", "p", "li", "ul", "tr", "tbody", "thead", "div", "details", "h2"}
)


class Html(str):
    """Markup, made by ``tag`` and ``joined`` alone; any other string is text."""

    __slots__ = ()


def tag(name: str, /, *inner: str, **attributes: str | bool | None) -> Html:
    """Return the element ``name`` around ``inner``, of which what is not ``Html`` is escaped.

    An attribute that is None or False is left out, one that is True has no value; ``class_`` is class, ``data_sort`` is
    data-sort. Control characters, in text and in values alike, are replaced.
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    end = "\n" if name in BLOCKS else ""
    if name in VOID:
        return Html(f"<{name}{shown}>{end}")
    return Html(f"<{name}{shown}>{joined(inner)}</{name}>{end}")


def joined(parts: Iterable[str]) -> Html:
    """Return ``parts`` one after the other; what is not ``Html`` among them is escaped."""
    return Html("".join(part if isinstance(part, Html) else _escaped(part) for part in parts))


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    # Values stand in double quotes: a single one means nothing, and pictures are full of them.
    return html.escape(printable(text), quote=False).replace('"', "&quot;")
