"""REPORT.md: the scorecard first, then each figure with its table, its verdicts and the commands for what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.comparison.outcomes import CUSTOMARY, Quantity
from bench.grid import PRESETS, Grid
from bench.report.lineup import Lineup, control_of
from bench.report.networks import Trained
from bench.report.overviews import pictured
from bench.report.overviews.pareto import WORDS as PARETO
from bench.report.panels import Panel
from bench.report.records import Records
from bench.report.table import DASH, Table, printable
from bench.report.writers import markdown, markdown_missing, markdown_rows

SHOWN_EPS = (1.0, 2.0, 4.0, 8.0)
COLUMNS = (
    "network",
    "seeds",
    "clean accuracy",
    *[f"accuracy at eps {radius:g}" for radius in SHOWN_EPS],
    f"difference in accuracy, {CUSTOMARY}",
    "sparsity reached",
    "compression",
    "gradient masked",
)
FINDINGS = ("figure", "setting", "the report says", "verdict", "effect")
PROMISE = "Made by `bench report` from the records alone; never edited by hand."


@dataclass(frozen=True)
class Section:
    """A figure in the report: its lineup, its table, and its files, relative to the report."""

    lineup: Lineup
    table: Table
    images: tuple[str, ...]
    tables: tuple[str, ...]


def document(
    records: Records,
    grid: Grid,
    findings: Table,
    files: Sequence[str],
    sections: Sequence[Section],
    results: Path | None = None,
    across: Sequence[str] = (),
) -> str:
    """Return REPORT.md. ``files``: those of the scorecard. ``results``: the folder to leave out of messages on records.

    ``across``: the pictures of no one figure, an architecture each.
    """
    seeds = sorted({seed for each in records.networks.values() for seed in each})
    count = sum(len(seeds) for seeds in records.networks.values())
    networks = f"{count} trained network{'s' * (count != 1)}" if count else "No trained network yet"
    parts = [
        f"# {markdown(grid.title)}\n\n{PROMISE} {networks}.\n",
        "" if count else f"Nothing is recorded: `{_sweep(grid, seeds)}` makes it, and `bench report` again shows it.\n",
        "## Findings\n\n" + _findings(findings, files),
        "## Figures\n\n" + _notes(dict.fromkeys(note for each in sections for note in each.table.notes)),
        *[_section(each, grid, seeds) for each in sections],
        "## Across figures\n\n" + _across(across) if across else "",
        "## What is not in it\n\n" + _left_out(records, results),
        "## How to make it again\n\n" + _recipe(grid, seeds),
        "## Versions\n\n" + _versions(records),
    ]
    return "\n".join(part for part in parts if part)


def _findings(findings: Table, files: Sequence[str]) -> str:
    sentences = [f"- {markdown(cell.text)}" for cell in findings.column("in a sentence")]
    parts = [
        f"{markdown(findings.caption)}\n",
        markdown_rows(findings.named(*FINDINGS)),
        "In words:\n",
        "\n".join(sentences) + "\n",
        _notes(findings.notes),
        _links("In full", files),
    ]
    return "\n".join(part for part in parts if part)


def _section(section: Section, grid: Grid, seeds: Iterable[int]) -> str:
    lineup, table = section.lineup, section.table
    shown = [image for image in section.images if image.endswith(".png")] or list(section.images)
    pictures = [f"![{markdown(_alternative(lineup, image))}]({image})\n" for image in shown]
    measured = any(cell.number is not None for row in table.rows for cell in row if cell.text != DASH)
    nothing = "" if pictures or measured else "No figure: none of these networks has a record under this attack.\n"
    verdicts = _verdicts(section)
    parts = [
        f"### Figure {lineup.name}: {markdown(lineup.title)}; {markdown(lineup.attacker)}\n",
        f"{markdown(table.caption)}\n",
        *pictures,
        nothing,
        markdown_rows(table.named(*COLUMNS)),
        "\n".join(verdicts) + "\n" if verdicts else "",
        markdown_missing(table),
        f"All of it: `{_sweep(grid, seeds, lineup.figure)}`\n",
        _links("In full", (*section.tables, *section.images)),
    ]
    return "\n".join(part for part in parts if part)


def _notes(notes: Iterable[str]) -> str:
    return "\n".join(f"- {markdown(note)}" for note in notes) + "\n"


def _verdicts(section: Section) -> list[str]:
    """Return what may be said of each run of the figure, a line each."""
    lines = []
    for quantity in (Quantity.ACCURACY, Quantity.DROP):
        cells = section.table.column(f"verdict on {quantity}, {CUSTOMARY}")
        for run, cell in zip(section.lineup.runs, cells, strict=True):
            if run != control_of(run) and cell.text != DASH:
                lines.append(f"- {section.lineup.label(run)}, {quantity}: {markdown(cell.text)}")
    return lines


def _alternative(lineup: Lineup, image: str) -> str:
    stem = Path(image).stem
    words = {panel.of(lineup.name): panel.words for panel in Panel}
    words |= {name: overview.words for name, overview in pictured(lineup).items()}
    return f"Figure {stem}: {lineup.title}, {words[stem]}"


def _across(images: Sequence[str]) -> str:
    shown = [image for image in images if image.endswith(".png")] or list(images)
    pictures = [f"![{markdown(f'{Path(image).stem}: {PARETO}')}]({image})\n" for image in shown]
    return "\n".join([*pictures, _links("In full", images)])


def _links(what: str, files: Iterable[str]) -> str:
    links = ", ".join(f"[{Path(file).name}]({file})" for file in files)
    return f"{what}: {links}.\n" if links else ""


def _left_out(records: Records, results: Path | None) -> str:
    inside = f"{results}/" if results else ""

    def clean(text: str) -> str:
        return markdown(text.replace(inside, "") if inside else text)

    left = [f"- left out: {clean(each.what)}: {clean(each.reason)}" for each in records.left_out]
    ends = [
        f"- {seen.state}: {clean(run.name)}, seed {run.seed}" + (f": {clean(seen.note)}" if seen.note else "")
        for run, seen in records.unfinished
    ]
    return "\n".join([*left, *ends] or ["Every record that was found is used; no run failed or diverged."]) + "\n"


def _recipe(grid: Grid, seeds: Iterable[int]) -> str:
    return f"    {_sweep(grid, seeds)}\n    {shlex.join(['bench', 'report', *_grid(grid, '--grid')])}\n"


def _sweep(grid: Grid, seeds: Iterable[int], figure: str = "") -> str:
    words = ["bench", "sweep", *_grid(grid), *(["--figure", figure] if figure else [])]
    return printable(shlex.join([*words, "--seeds", ",".join(map(str, sorted({*grid.seeds, *seeds})))]))


def _grid(grid: Grid, *option: str) -> list[str]:
    # A grid that is not a preset is somebody's file, of whose place the report says nothing.
    return [*option, grid.name if grid.name in PRESETS else f"{grid.name}.toml"]


def _versions(records: Records) -> str:
    networks = [each for seeds in records.networks.values() for each in seeds.values()]
    counted: dict[str, int] = {}
    for each in networks:
        line = _version(each)
        counted[line] = counted.get(line, 0) + 1
    return (
        "\n".join(f"- {count} network{'s' * (count != 1)}: {line}" for line, count in sorted(counted.items())) + "\n"
        if counted
        else ""
    )


def _version(network: Trained) -> str:
    environment = network.training["environment"]
    code, data = network.group
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(environment.get("versions", {}).items()))
    where = f"{network.run.dataset} {network.run.image_size} px"
    text = f"code {code} (commit {environment.get('commit')}); {where}, fingerprint {data[:16]}; {libraries}"
    return markdown(text)
