"""REPORT.md: the scorecard first, then each figure with its table, its verdicts and the commands for what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.comparison.group import ComparisonGroup, control_of
from bench.comparison.verdict import DASH
from bench.records.collection import Collection
from bench.records.networks import TrainedNetwork
from bench.records.outcomes import CUSTOMARY, Quantity
from bench.report.caveats import LIMITS
from bench.report.discussion import Discussion
from bench.report.figures.overviews import pictured
from bench.report.figures.pareto import WORDS as PARETO
from bench.report.panels import Panel
from bench.report.tables.formats import markdown, markdown_missing, markdown_rows
from bench.report.tables.table import Cell, Table, printable
from bench.runs.grid import PRESETS, Grid

SHOWN_EPS = (1.0, 2.0, 4.0, 8.0)
COLUMNS = (
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
FINDINGS = ("figure", "setting", "the internship says", "verdict", "effect", "gradient masked")
NOTHING_LEFT_OUT = "Every record that was found is used; no run failed or diverged."
PROMISE = "Made by bench report from the records; a discussion, where there is one, was written by hand."


@dataclass(frozen=True)
class Section:
    """A figure in the report: its group, its table, and its files, relative to the report."""

    group: ComparisonGroup
    table: Table
    images: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Across:
    """What belongs to no one figure: pictures, an architecture each, and tables, with the names of all their files."""

    images: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    files: tuple[str, ...] = ()


NOTHING_ACROSS = Across()


def document(
    records: Collection,
    grid: Grid,
    findings: Table,
    files: Sequence[str],
    sections: Sequence[Section],
    results: Path | None = None,
    across: Across = NOTHING_ACROSS,
    discussed: Discussion | None = None,
) -> str:
    """Return REPORT.md. ``files``: those of the scorecard. ``results``: the folder to leave out of messages on records."""
    seeds = sorted({seed for each in records.networks.values() for seed in each})
    count = sum(len(seeds) for seeds in records.networks.values())
    networks = f"{count} trained network{'s' * (count != 1)}" if count else "No trained network yet"
    parts = [
        f"# {markdown(grid.title)}\n\n{PROMISE} {networks}.\n",
        ""
        if count
        else f"{_nothing(records)}: `{sweep_command(grid, seeds)}` goes on, and `bench report` again shows it.\n",
        "## Findings\n\n" + _findings(findings, files, [image for each in sections for image in each.images]),
        f"## Discussion\n\n{discussed.markdown}" if discussed else "",
        "## Figures\n\n" + _notes(dict.fromkeys(note for each in sections for note in each.table.notes)),
        *[_section(each, grid, seeds) for each in sections],
        "## Across figures\n\n" + _across(across) if across.files else "",
        "## What is not in it\n\n" + (_notes(left_out(records, results)) or f"{NOTHING_LEFT_OUT}\n"),
        "## What it does not show\n\n" + _notes(LIMITS),
        "## How to make it again\n\n" + "".join(f"    {line}\n" for line in recipe(grid, seeds)),
        "## Versions\n\n" + _notes(versions(records)),
    ]
    return "\n".join(part for part in parts if part)


def _nothing(records: Collection) -> str:
    if records.ends:
        return f"Of the runs that began none is trained ({records.ends})"
    return "No record could be used" if records.left_out else "Nothing is recorded"


def _findings(findings: Table, files: Sequence[str], images: Sequence[str]) -> str:
    cells = zip(*map(findings.column, ("in a sentence", "rule", "shown in")), strict=True)
    sentences = [
        f"- {markdown(said.text)} {markdown(_ruled(rule.text))}{_shown(names, images)}" for said, rule, names in cells
    ]
    parts = [
        f"{markdown(findings.caption)}\n",
        markdown_rows(findings.named(*FINDINGS)),
        "In words:\n",
        "\n".join(sentences) + "\n",
        _notes(findings.notes),
        _links("In full", files),
    ]
    return "\n".join(part for part in parts if part)


def _ruled(rule: str) -> str:
    return f"To be {rule}."


def _shown(names: Cell, images: Sequence[str]) -> str:
    """Return links to those of the panels ``names`` that there are."""
    files = {Path(image).stem: image for image in images if image.endswith(".png")}
    links = [f"[{name}]({files[name]})" for name in names.text.split(", ") if name in files]
    return f" Shown in {', '.join(links)}." if links else ""


def _section(section: Section, grid: Grid, seeds: Iterable[int]) -> str:
    group, table = section.group, section.table
    shown = [image for image in section.images if image.endswith(".png")] or list(section.images)
    pictures = [f"![{markdown(alternative(group, image))}]({image})\n" for image in shown]
    measured = any(cell.number is not None for cell in table.column("accuracy at eps 0"))
    nothing = "" if pictures or measured else "No figure: none of these networks has a record under this attack.\n"
    judged = [f"- {label}, {quantity}: {markdown(text)}" for label, quantity, text in verdicts(section)]
    parts = [
        f"### Figure {group.name}: {markdown(group.title)}; {markdown(group.attacker)}\n",
        f"{markdown(table.caption)}\n",
        *pictures,
        nothing,
        markdown_rows(table.named(*COLUMNS)),
        "\n".join(judged) + "\n" if judged else "",
        markdown_missing(table),
        f"All of it: `{sweep_command(grid, seeds, group.figure)}`\n",
        _links("In full", (*section.tables, *section.images)),
    ]
    return "\n".join(part for part in parts if part)


def _notes(notes: Iterable[str]) -> str:
    return "".join(f"- {markdown(note)}\n" for note in notes)


def verdicts(section: Section) -> list[tuple[str, Quantity, str]]:
    """Return what may be said of each run of the figure: its label, the quantity and the verdict with its numbers."""
    lines = []
    for quantity in (Quantity.ACCURACY, Quantity.DROP):
        cells = section.table.column(f"verdict on {quantity}, {CUSTOMARY}")
        for run, cell in zip(section.group.runs, cells, strict=True):
            if run != control_of(run) and cell.text != DASH:
                lines.append((section.group.label(run), quantity, cell.text))
    return lines


def alternative(group: ComparisonGroup, image: str) -> str:
    """Return what an image shows, in a few words."""
    stem = Path(image).stem
    words = {panel.of(group.name): panel.words for panel in Panel}
    words |= {name: overview.words for name, overview in pictured(group).items()}
    return f"Figure {stem}: {group.title}, {words[stem]}"


def shown_across(images: Sequence[str]) -> dict[str, str]:
    """Return what each picture of no one figure shows, by its name."""
    return {image: f"{Path(image).stem}: {PARETO}" for image in images}


def _across(across: Across) -> str:
    shown = [image for image in across.images if image.endswith(".png")] or list(across.images)
    pictures = [f"![{markdown(words)}]({image})\n" for image, words in shown_across(shown).items()]
    tables = [
        f"### {markdown(table.title)}\n\n{markdown(table.caption)}\n\n{markdown_rows(table)}\n{_notes(table.notes)}"
        for table in across.tables
    ]
    return "\n".join([*pictures, *tables, _links("In full", across.files)])


def _links(what: str, files: Iterable[str]) -> str:
    links = ", ".join(f"[{Path(file).name}]({file})" for file in files)
    return f"{what}: {links}.\n" if links else ""


def left_out(records: Collection, results: Path | None) -> list[str]:
    """Return a line for each record that is not used and each run that has none; ``results`` is left out of them."""
    inside = f"{results}/" if results else ""

    def clean(text: str) -> str:
        return text.replace(inside, "") if inside else text

    left = [f"left out: {clean(each.what)}: {clean(each.reason)}" for each in records.left_out]
    ends = [
        f"{seen.state}: {clean(run.name)}, seed {run.seed}" + (f": {clean(seen.note)}" if seen.note else "")
        for run, seen in records.unfinished
    ]
    return [*left, *ends]


def recipe(grid: Grid, seeds: Iterable[int]) -> list[str]:
    """Return the commands that make the whole report again."""
    return [sweep_command(grid, seeds), report_command(grid)]


def sweep_command(grid: Grid, seeds: Iterable[int], figure: str = "") -> str:
    """Return the command that trains and attacks all of ``grid``, or all of a figure of it, at ``seeds`` and the grid's."""
    words = ["bench", "sweep", *_grid(grid), *(["--figure", figure] if figure else [])]
    return printable(shlex.join([*words, "--seeds", ",".join(map(str, sorted({*grid.seeds, *seeds})))]))


def report_command(grid: Grid, figure: str = "") -> str:
    """Return the command that makes the report of ``grid``, or of one figure of it."""
    words = ["bench", "report", *_grid(grid, "--grid"), *(["--figure", figure] if figure else [])]
    return printable(shlex.join(words))


def _grid(grid: Grid, *option: str) -> list[str]:
    # A grid that is not a preset is somebody's file, of whose place the report says nothing.
    return [*option, grid.name if grid.name in PRESETS else f"{grid.name}.toml"]


def versions(records: Collection) -> list[str]:
    """Return a line for each set of code, images and libraries, with the number of networks that were made with it."""
    networks = [each for seeds in records.networks.values() for each in seeds.values()]
    counted: dict[str, int] = {}
    for each in networks:
        line = version(each)
        counted[line] = counted.get(line, 0) + 1
    return [f"{count} network{'s' * (count != 1)}: {line}" for line, count in sorted(counted.items())]


def version(network: TrainedNetwork) -> str:
    """Return the training's version, images and libraries of a network in a line."""
    environment = network.record.environment
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(environment.versions.items()))
    where = f"{network.run.dataset} {network.run.image_size} px"
    numbers, data = network.comparable
    return f"training {numbers} (commit {environment.commit}); {where}, fingerprint {data[:16]}; {libraries}"
