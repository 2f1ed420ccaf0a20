"""Collection that try to be more than text, and a page taken apart again."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from recorded import EPS, GRID, GROUPS, SPARSE, record

from bench.attacks.spec import AttackSpec
from bench.records.files import Arrays
from bench.records.schema import AttackRecord, TrainingRecord
from bench.records.store import Folder
from bench.runs.grid import Figure, Grid
from bench.spec.run import Run

EVIL = (
    "<script>window.canary = 1</script>",
    '"><img src=x onerror="window.canary = 2">',
    "' onmouseover='window.canary = 3",
    "javascript:window.canary=4",
    "</style></title></pre><svg onload=window.canary=5>",
    "\x1b[31mred\x1b[0m\u202eturned\x00",
    "&lt;b&gt;",
)


def hostile(results: Path) -> Grid:
    """Record the sparse figure with such texts wherever a record has text of its own; return a grid named so too."""
    record(results, SPARSE.runs, [0, 0, -0.1], deviation=0.005)
    for place, path in enumerate(sorted(results.glob("*/seed-*/run.json"))):
        evil = EVIL[place % len(EVIL)]
        run = Run.parse(json.loads(path.read_text())["record"]["run"])
        folder = Folder(results, run)
        training = folder.training()
        assert training is not None
        spec, attack, arrays = _attack(folder, training)
        changes = {
            "environment": training.environment.model_copy(update={"commit": evil, "versions": {evil: evil}}),
            "data": training.data.model_copy(update={"classes": [evil] * 10}),
            "volatile": training.volatile.model_copy(update={"host": evil}),
        }
        folder.write_training(training.model_copy(update=changes), {"w": np.zeros(1, np.float32)})
        threat = attack.threat.model_copy(update={"knowledge": evil, "label": evil, "norm": evil, "eps_unit": evil})
        folder.attacks.write(spec.name, attack.model_copy(update={"threat": threat}), arrays)
    failed = Folder(results, GROUPS["rank"].runs[1])
    failed.declare()
    failed.last_exit.write_text('{"code": 1}')
    failed.log.write_text(EVIL[0] + "\n")
    return replace(GRID, title=" ".join(EVIL), figures=tuple(_evil(figure) for figure in GRID.figures))


def _evil(figure: Figure) -> Figure:
    return replace(figure, title=f"{figure.title} {EVIL[0]} {EVIL[1]}")


def _attack(folder: Folder, training: TrainingRecord) -> tuple[AttackSpec, AttackRecord, Arrays]:
    ((attack, arrays),) = [each for each in folder.attacks.each(training) if isinstance(each, tuple)]
    return AttackSpec(SPARSE.attack, EPS), attack, arrays


class Page(HTMLParser):
    """A page as a browser takes it apart: tags with their attributes, text, and the tables by the part they stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.tables: dict[str, list[list[list[str]]]] = {}
        self._part, self._cell, self._depth = "", False, 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in ("section", "article"):
            self._part = attributes.get("id") or ""
        if tag == "table":
            self.tables.setdefault(self._part, []).append([])
        if tag == "tr" and self._part in self.tables:
            self.tables[self._part][-1].append([])
        if tag in ("th", "td"):
            self.tables[self._part][-1][-1].append("")
        self._cell = tag in ("th", "td") or (self._cell and tag not in ("tr", "table", "section", "article"))

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in ("th", "td")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._cell:
            self.tables[self._part][-1][-1][-1] += data


def rows(table: list[list[str]]) -> dict[str, dict[str, str]]:
    """Return the rows of a table by their first cell, each by the names of the columns."""
    head, *body = table
    return {row[0]: dict(zip(head, row, strict=True)) for row in body}
