"""Templates into text. Every value is escaped for the format of its template: HTML, Markdown or LaTeX."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bench.report.escaping import cleaned, latex, markdown

ESCAPES: dict[str, Callable[[str], str]] = {
    "html": cleaned,  # Jinja escapes the rest
    "md": lambda text: Markup(markdown(text)),
    "tex": lambda text: Markup(latex(text)),
}
# LaTeX is full of braces.
SYNTAX: dict[str, dict[str, Any]] = {
    "tex": {
        "block_start_string": "<%",
        "block_end_string": "%>",
        "variable_start_string": "<<",
        "variable_end_string": ">>",
    }
}


def render(name: str, **data: Any) -> str:
    """Return the template ``templates/<name>.j2`` filled with ``data``; the end of ``name`` is its format."""
    return _environment(PurePosixPath(name).suffix[1:]).get_template(f"{name}.j2").render(data)


@cache
def _environment(kind: str) -> Environment:
    def escaped(value: Any) -> Any:
        return value if isinstance(value, Markup) else ESCAPES[kind](str(value))

    found = Environment(
        loader=PackageLoader("bench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **SYNTAX.get(kind, {}),
    )
    found.filters["code"] = lambda text: Markup(cleaned(text)) if kind == "md" else text
    found.filters["file_name"] = lambda path: PurePosixPath(path).name
    found.globals["style"] = _asset("page.css")
    found.globals["scripts"] = {name: _asset(f"{name}.js") for name in ("page", "gallery")}
    found.globals["sha256"] = _sha256
    return found


def _asset(name: str) -> Markup:
    return Markup(files("bench.report").joinpath(name).read_text(encoding="utf-8"))


def _sha256(text: str) -> str:
    """Return the hash by which a Content-Security-Policy allows ``text``."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
