"""What a report says, as data. index.html and REPORT.md are two templates that are filled with the same content."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from bench.comparison.findings.score import Verdict
from bench.comparison.group import ComparisonGroup
from bench.comparison.verdict import DASH
from bench.records.collection import Collection
from bench.records.networks import seeds_text
from bench.records.outcomes import CUSTOMARY, Quantity
from bench.report.discussion import Discussion
from bench.report.escaping import printable
from bench.report.runs import run_entries, version
from bench.report.tables.table import Column, Table
from bench.report.tables.threat_models import threat_models
from bench.runs.grid import PRESETS, Grid
from bench.spec.control import control_of

LIMITS = (
    "No attack here works without gradients (Square), transfers from another network or adapts to the network: an attack "
    "that nobody ran may leave a lower accuracy. Masking is tested by one loss alone, one that no temperature changes.",
    "PGD starts from the image itself, without restarts. Its version 1 keeps its last step; later ones keep the first image that "
    "fools the network.",
    "FGSM is one step: accuracy under it is an upper bound, and may rise with eps where the step overshoots.",
    "Sparsity and low rank are counted in weights and multiply-accumulates. No compressed network was timed.",
    "One data set of ten classes and a training of minutes: what holds here need not hold for another.",
)
GALLERY = (
    "Where the attacked images are at hand, bench report also makes gallery.html, which shows some of them. They are not "
    "this project's to publish, and nothing in this report depends on them."
)
NOTHING_LEFT_OUT = "Every record that was found is used; no run failed or diverged."
SHOWN_EPS = (1.0, 2.0, 4.0, 8.0)
BRIEF = (
    "network",
    "seeds",
    "clean accuracy",
    *[f"accuracy at eps {radius:g}" for radius in SHOWN_EPS],
    f"difference in accuracy, {CUSTOMARY}",
    "sparsity reached",
    "compression",
    "images without gradient",
    "gradient masked",
)
EVERY = {
    Quantity.ACCURACY: "Accuracy at every eps",
    Quantity.DROP: "Drop, accuracy(0) - accuracy(eps), at every eps",
    Quantity.CLEAN_CORRECT: "Accuracy at every eps among the images classified correctly at eps 0",
}


@dataclass(frozen=True)
class Picture:
    """A picture: its files, relative to the report, and what it shows in words."""

    files: tuple[str, ...]
    words: str

    def file(self, kind: str) -> str:
        """Return the file of that kind, png or svg, or the one that there is."""
        return next((file for file in self.files if file.endswith(kind)), self.files[0])


@dataclass(frozen=True)
class Findings:
    """The scorecard: its table, the names of its files, and the panels that there are, as file by name."""

    table: Table
    files: tuple[str, ...]
    panels: dict[str, str]

    @property
    def tally(self) -> dict[str, int]:
        """How many findings have each verdict, in the order of the verdicts."""
        counts = Counter(cell.text for cell in self.table.column("verdict"))
        return {str(verdict): counts[verdict] for verdict in Verdict if counts[verdict]}

    @cached_property
    def reach(self) -> int:
        """The end of the scale that shows the effects, in points: a multiple of 5 with room for every interval."""
        cells = self.table.column("effect")
        ends = [abs(100 * end) for cell in cells for end in (cell.low, cell.high, cell.number) if end is not None]
        return 5 * max(1, math.ceil(1.05 * max(ends, default=0) / 5))


@dataclass(frozen=True)
class FigureSection:
    """A figure under one attack: its group, its table with the names of its files, its pictures, how to make it again."""

    group: ComparisonGroup
    table: Table
    files: tuple[str, ...]
    pictures: tuple[Picture, ...]
    commands: tuple[str, ...]

    @property
    def title(self) -> str:
        """The title of the figure and who attacks its networks."""
        return f"{self.group.figure}: {self.group.title}; {self.group.attacker}"

    @property
    def all_files(self) -> tuple[str, ...]:
        """The files of its table and of its pictures."""
        return (*self.files, *[file for picture in self.pictures for file in picture.files])

    @property
    def brief(self) -> Table:
        """The columns that a reader looks at first."""
        return self.table.named(*BRIEF)

    @property
    def verdicts(self) -> dict[Quantity, list[tuple[str, str]]]:
        """The label of each run with what a test says of it, by quantity."""
        found: dict[Quantity, list[tuple[str, str]]] = {}
        for quantity in (Quantity.ACCURACY, Quantity.DROP):
            cells = self.table.column(f"verdict on {quantity}, {CUSTOMARY}")
            for run, cell in zip(self.group.runs, cells, strict=True):
                if run != control_of(run) and cell.text != DASH:
                    found.setdefault(quantity, []).append((self.group.label(run), cell.text))
        return found

    @property
    def every_number(self) -> list[Table]:
        """The whole table in four parts: each quantity at every eps, then the rest."""
        parts = []
        for quantity, title in EVERY.items():
            columns = self.table.only(str(quantity)).columns
            part = self.table.named("network", *[column.name for column in columns])
            heads = tuple(Column(each.name.removeprefix(f"{quantity} at "), each.section) for each in part.columns)
            parts.append(replace(part, title=title, columns=heads))
        rest = self.table.only("compression", "masking", "threat").columns
        whole = self.table.named("network", *[column.name for column in rest])
        return [*parts, replace(whole, title="Compression, gradients and attacker")]


@dataclass(frozen=True)
class Across:
    """What belongs to no single figure: pictures and tables, with the names of all their files."""

    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A section of lines, a table, or commands with a note. ``otherwise`` is shown if it has no lines."""

    place: str
    heading: str
    lines: tuple[str, ...] = ()
    otherwise: str = ""
    table: Table | None = None
    commands: tuple[str, ...] = ()
    note: str = ""


def content(
    records: Collection,
    grid: Grid,
    findings: tuple[Table, tuple[str, ...]],
    figures: Sequence[FigureSection],
    across: Across,
    discussed: Discussion | None = None,
    results: Path | None = None,
) -> dict[str, Any]:
    """Return what the report of ``records`` on ``grid`` says, by the names that the templates use.

    Args:
        findings: the scorecard with the names of its files.
        discussed: the discussion written by hand.
        results: the folder of the records, which the report does not name.
    """
    networks = [each for seeds in records.networks.values() for each in seeds.values()]
    commands = recipe(grid, {each.run.seed for each in networks})
    pictures = [picture.file("png") for figure in figures for picture in figure.pictures]
    made = Counter(version(each) for each in networks)
    versions = tuple(f"{_count(count, 'network')}: {line}" for line, count in sorted(made.items()))
    return {
        "title": grid.title,
        "summary": _summary(records, figures),
        "networks": len(networks),
        "findings": Findings(*findings, {PurePosixPath(file).stem: file for file in pictures if file.endswith("png")}),
        "discussion": discussed,
        "figures": figures,
        "across": across,
        "runs": run_entries(records),
        "sections": (
            Section("left-out", "What is not in it", _left_out(records, results), NOTHING_LEFT_OUT),
            Section("limits", "What it does not show", LIMITS),
            Section("threats", "Threat models", table=threat_models(records)),
            Section("versions", "Versions", versions, "No network is recorded."),
            Section("again", "How to make it again", commands=commands, note=GALLERY),
        ),
        "commands": commands,
        "notes": tuple(dict.fromkeys(note for figure in figures for note in figure.table.notes)),
    }


def recipe(grid: Grid, seeds: Iterable[int], figure: str = "") -> tuple[str, str]:
    """Return the commands that make the report of ``grid``, or of one figure, again: the sweep, then the report.

    ``seeds``: those that are recorded; the sweep has those of the grid as well.
    """
    # A grid that is not a preset is a file of the user's; the report does not say where it lies.
    name = grid.name if grid.name in PRESETS else f"{grid.name}.toml"
    chosen = ["--figure", figure] if figure else []
    every = ",".join(map(str, sorted({*grid.seeds, *seeds})))
    sweep = ["bench", "sweep", name, *chosen, "--seeds", every]
    report = ["bench", "report", "--grid", name, *chosen]
    return printable(shlex.join(sweep)), printable(shlex.join(report))


def _summary(records: Collection, figures: Sequence[FigureSection]) -> str:
    """Return what was measured, in a sentence, or why nothing was."""
    networks = [each for seeds in records.networks.values() for each in seeds.values()]
    if not networks:
        if records.ends:
            return f"No run that began is trained yet ({records.ends})."
        return "No record could be used." if records.left_out else "Nothing is measured yet."
    seeds = sorted({each.run.seed for each in networks})
    data = sorted({f"{each.run.dataset} {each.run.image_size} px" for each in networks})
    archs = sorted({each.run.arch for each in networks})
    attackers: dict[str, dict[str, None]] = {}
    for group in (figure.group for figure in figures):
        attackers.setdefault(str(group.attack.norm), {})[group.attacker] = None
    attacks = "; ".join(f"attacked in the {norm} norm: {'; '.join(each)}" for norm, each in attackers.items())
    return (
        f"{_count(len(networks), 'trained network')} ({_count(len(records.networks), 'run')}, "
        f"seed{'s' * (len(seeds) > 1)} {seeds_text(seeds)}; {', '.join(archs)}) on {', '.join(data)}, {attacks}."
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _left_out(records: Collection, results: Path | None) -> tuple[str, ...]:
    """Return a line for each record that is not used and each run that has none, without the path of ``results``."""
    left = [f"left out: {each.what}: {each.reason}" for each in records.left_out]
    ends = [
        f"{seen.state}: {run.name}, seed {run.seed}" + (f": {seen.note}" if seen.note else "")
        for run, seen in records.unfinished
    ]
    return tuple(line.replace(f"{results}/", "") if results else line for line in [*left, *ends])
