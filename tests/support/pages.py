"""The documents as tests see them: code blocks, command lines and links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\S+\.(?:py|toml))\n")
# A run's name where a page has RUN or CONTROL.
RUN = "resnet18-b128-imagenette64-1a2b3c4d"


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """Return (name, code) of each fenced block. A block whose first line is ``# NAME.py`` is a file of that name."""
    found = [code for kind, code in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]
    return [(named[1] if (named := NAMED.match(code)) else "", code) for code in found]


def texts() -> Iterator[tuple[str, str]]:
    """Yield (name, Markdown) of every page, and of every cell of text in a notebook."""
    for page in PAGES:
        yield str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")
    for notebook in NOTEBOOKS:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        yield str(notebook.relative_to(ROOT)), text


def command_lines() -> list[str]:
    """Return every command line of the documents: indented lines, and code within a line that has more than the name."""
    found: dict[str, None] = {}
    for _, text in texts():
        indented = re.findall(r"^    (\S.*)$", text, flags=re.MULTILINE)
        inline = re.findall(r"`([^`\n]+)`", text)
        for line in (*indented, *inline):
            command = re.search(
                r"(?:^|&& \.venv/bin/|uvx --from \S+ )(bench(?: .*)?)$", line.partition(" #")[0].strip()
            )
            if command and "..." not in command[1]:
                found[command[1]] = None
    return list(found)
