"""What a report says, as data. index.html and REPORT.md are two templates that are filled with the same content."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from bench.comparison.findings.score import ScoredFinding
from bench.comparison.group import ComparisonGroup
from bench.comparison.verdict import DASH
from bench.records.collection import Collection
from bench.records.networks import named_seeds
from bench.records.outcomes import Quantity, customary
from bench.report.answer import QUESTION, Answer
from bench.report.answer_picture import drawn, legend
from bench.report.answer_rows import in_rows
from bench.report.curves import curves
from bench.report.discussion import Discussion
from bench.report.escaping import cleaned
from bench.report.findings import findings
from bench.report.glossary import GLOSSARY
from bench.report.leaderboard import Entry, version
from bench.report.picture import Picture
from bench.report.tables.table import Column, Table
from bench.report.tables.threat_models import threat_models
from bench.runs.grid import PRESETS, Grid
from bench.spec.control import control_of
from bench.spec.words import how_many

ATTACKS_ALONE = (
    "For a network that was not audited there are only the recorded attacks. They do not adapt to the network, and masking is "
    "tested by one loss alone. An attack that nobody ran may leave a lower accuracy.",
)
LIMITS = (
    "An audit is a search too. It can show that a network breaks. It cannot prove that one resists: a stronger attack may exist.",
    "PGD without restarts starts from the image itself. Its version 1 keeps its last step; later ones keep the first image that "
    "fools the network.",
    "FGSM is one step: accuracy under it is an upper bound, and may rise with eps where the step overshoots.",
    "Sparsity and low rank are counted in weights and multiply-accumulates. Fewer of them need not take less time.",
    "What holds on one data set and after one training need not hold for another.",
)
AGAIN = (
    "These commands make the figures of the grid. What else the report shows has commands of its own: audits come from bench "
    "sweep GRID --audit, PGD from bench run --attack pgd, looks from bench look, and fooling images from bench fool. Other "
    "networks come from a sweep of their grid. Where the attacked images are at hand, bench report also makes gallery.html, "
    "which shows some of them. They are not this project's to publish, and nothing in this report depends on them."
)
NOTHING_LEFT_OUT = "Every record that was found is used; no run failed or diverged."
BEGIN = ("bench report",)
SHOWN_EPS = (1.0, 2.0, 4.0, 8.0)
BRIEF = (
    "network",
    "seeds",
    "clean accuracy",
    *[f"accuracy at eps {radius:g}" for radius in SHOWN_EPS],
    "difference in accuracy, {judged_over}",
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
    def curves(self) -> dict[str, Any] | None:
        """What the page draws a chart from; None without a picture of the curves."""
        return curves(self.group, self.table) if self.pictures else None

    @property
    def brief(self) -> Table:
        """The columns that a reader looks at first."""
        return self.table.named(*[name.format(judged_over=customary(self.group.attack.norm)) for name in BRIEF])

    @property
    def verdicts(self) -> dict[Quantity, list[tuple[str, str]]]:
        """The label of each run with what a test says of it, by quantity."""
        found: dict[Quantity, list[tuple[str, str]]] = {}
        for quantity in (Quantity.ACCURACY, Quantity.DROP):
            cells = self.table.column(f"verdict on {quantity}, {customary(self.group.attack.norm)}")
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


@dataclass(frozen=True)
class Found:
    """What was made for the report, before it is said.

    Args:
        picture: that of the first screen; None where it has no network.
        networks: the table of networks with the names of its files, and ``entries`` the details of its rows.
        findings: the tested findings, their scorecard and the names of its files.
        own: the figures of runs that no figure of the grid has, and ``figures`` those of the grid.
        crowded: groups that are too large to draw.
        discussed: the discussion written by hand.
    """

    answer: Answer
    picture: Picture | None
    networks: tuple[Table, tuple[str, ...]]
    entries: tuple[Entry, ...]
    findings: tuple[Sequence[ScoredFinding], Table, tuple[str, ...]]
    own: Sequence[FigureSection]
    figures: Sequence[FigureSection]
    across: Across
    crowded: Sequence[ComparisonGroup] = ()
    discussed: Discussion | None = None


def content(records: Collection, grid: Grid, found: Found, results: Path | None = None) -> dict[str, Any]:
    """Return what the report of ``records`` on ``grid`` says, by the names that the templates use.

    Args:
        results: the folder of the records, which the report does not name.
    """
    networks = records.every
    every = [*found.own, *found.figures]
    commands = recipe(grid, {each.run.seed for each in networks}) if found.figures or not networks else BEGIN
    pictures = [picture for figure in every for picture in figure.pictures]
    made = Counter(version(each) for each in networks)
    versions = tuple(f"{how_many(count, 'training')}: {line}" for line, count in sorted(made.items()))
    scored, card, files = found.findings
    table, table_files = found.networks
    return {
        "question": QUESTION,
        "title": grid.title,
        "summary": _summary(records, every),
        "answer": found.answer,
        "picture": found.picture,
        "wide": drawn(found.answer) if found.answer.standings else None,
        "narrow": in_rows(found.answer) if found.answer.standings else None,
        "legend": legend(found.answer),
        "networks": table,
        "network_files": table_files,
        "entries": found.entries,
        "places": {entry.name: place for place, entry in enumerate(found.entries)},
        "findings": findings(scored, card, files, _by_name(pictures)),
        "discussion": found.discussed,
        "own": found.own,
        "crowded": tuple(
            f"{each.title}: {len(each.runs)} networks, in the table of networks alone." for each in found.crowded
        ),
        "figures": found.figures,
        "across": found.across,
        "sections": (
            Section("threats", "Threat models", table=threat_models(records)),
            Section("limits", "Limits", (*ATTACKS_ALONE * any(not each.audits for each in networks), *LIMITS)),
            Section("left-out", "Left out", _left_out(records, results), NOTHING_LEFT_OUT),
            Section("versions", "Versions", versions, "No network is recorded."),
            Section("again", "Make it again", commands=commands, note=AGAIN),
        ),
        "commands": commands,
        "notes": tuple(dict.fromkeys(note for figure in every for note in figure.table.notes)),
        "glossary": GLOSSARY,
    }


def _by_name(pictures: Sequence[Picture]) -> dict[str, Picture]:
    return {PurePosixPath(picture.files[0]).stem: picture for picture in pictures}


def family_recipe(group: ComparisonGroup) -> tuple[str, ...]:
    """Return the commands that make the figure of a family again: its recorded runs, then the report."""
    runs = [replace(run, seed=seed) for run in group.runs for seed in group.trained(run)]
    return (*[cleaned(group.command(run)) for run in runs], "bench report")


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
    return cleaned(shlex.join(sweep)), cleaned(shlex.join(report))


def _summary(records: Collection, figures: Sequence[FigureSection]) -> str:
    """Return what was measured, in a sentence, or why nothing was."""
    networks = records.every
    if not networks:
        if records.ends:
            return f"No run that began is trained yet ({records.ends})."
        return "No record could be used." if records.left_out else "Nothing is measured yet."
    seeds = sorted({each.run.seed for each in networks})
    data = sorted({f"{each.run.dataset} {each.run.image_size} px" for each in networks})
    archs = sorted({each.run.arch for each in networks})
    attackers: dict[str, dict[str, None]] = {}
    for group in (figure.group for figure in figures if figure.group.measured):
        attackers.setdefault(str(group.attack.norm), {})[group.attacker] = None
    attacks = "; ".join(f"in the {norm} norm: {'; '.join(each)}" for norm, each in attackers.items())
    shown = f" The figures show attacks {attacks}." * bool(attackers)
    return (
        f"{how_many(len(networks), 'training')} of {how_many(len(records.networks), 'network')} ("
        f"{named_seeds(seeds)}; {', '.join(archs)}) on {', '.join(data)}.{shown}"
    )


def _left_out(records: Collection, results: Path | None) -> tuple[str, ...]:
    """Return a line for each record that is not used and each run that has none, without the path of ``results``."""
    left = [f"left out: {each.what}: {each.reason}" for each in records.left_out]
    ends = [
        f"{seen.state}: {run.name}, seed {run.seed}" + (f": {seen.note}" if seen.note else "")
        for run, seen in records.unfinished
    ]
    inside = f"{results / '_'}".removesuffix("_") if results else ""  # "" too where that is the working directory
    return tuple(line.replace(inside, "") for line in [*left, *ends])
