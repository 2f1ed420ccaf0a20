"""Records and a grid in, files out: figures, tables, REPORT.md and index.html. Same records, same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure as Drawing

from bench.attacks.fgsm import Fgsm
from bench.comparison.findings.score import score
from bench.comparison.group import ComparisonGroup, comparison_groups
from bench.errors import unknown
from bench.records.collection import Collection
from bench.records.files import write_bytes
from bench.report.content import Across, FigureSection, Picture, content, recipe
from bench.report.discussion import discussion
from bench.report.figures.accuracy_curves import draw
from bench.report.figures.overviews import pictured
from bench.report.figures.pareto import WORDS, pareto
from bench.report.figures.save import save
from bench.report.gallery import gallery_page
from bench.report.manifest import note
from bench.report.panels import FORMATS, KINDS, Panel
from bench.report.rendering import render
from bench.report.tables.audits import audit_table
from bench.report.tables.fgsm_vs_pgd import fgsm_vs_pgd_table
from bench.report.tables.figure_table import figure_table
from bench.report.tables.formats import TABLE_KINDS, written
from bench.report.tables.published import published_table
from bench.report.tables.scorecard import scorecard
from bench.report.tables.table import Table
from bench.report.tables.worst_case import worst_table
from bench.runs.grid import Figure, Grid
from bench.spec.control import control_of

Drawer = Callable[[ComparisonGroup, Table], Drawing | None]


@dataclass(frozen=True)
class Wanted:
    """What to make: the formats, and the figures by name; no name means all of them.

    A name is that of a figure of the grid, "9", or of a panel of it, "9a". Tables come with either.
    """

    formats: tuple[str, ...] = FORMATS
    figures: tuple[str, ...] = ()


def assemble(
    records: Collection,
    grid: Grid,
    output: Path,
    wanted: Wanted = Wanted(),
    say: Callable[[str], None] = lambda _: None,
    results: Path | None = None,
) -> list[Path]:
    """Write the report and return the paths of its files.

    There are figures/<panel>.png and .svg, and tables/<figure>.csv, .md, .tex and .html. Unless ``wanted`` names figures,
    there are also overviews beside the figures, figures/pareto-<architecture>.*, tables/findings.*, REPORT.md, index.html
    and, where there are attacked images, gallery.html. files.json lists them. A whole report removes what an earlier one
    listed and this one does not make. An optional figure is made where a run of its own is recorded.

    Args:
        output: the folder of the report.
        say: takes a line of progress for each figure.
        results: the folder of the records, for the discussion and the images. The report does not name it.

    Raises:
        BadInput: ``wanted`` names a figure that the grid does not have.
    """
    panels = _chosen(grid, wanted.figures)
    chosen = [figure for figure in grid.figures if figure.name in panels] or _usual(grid, records)
    writer = _Writer(output, wanted.formats)
    seeds = {seed for each in records.networks.values() for seed in each}
    figures: list[FigureSection] = []
    for group in comparison_groups(grid, records, chosen):
        table = figure_table(group)
        files = writer.table(table)
        drawn: dict[str, tuple[Drawer, str]] = {}
        for panel in panels.get(group.figure, tuple(Panel)) if group.measured else ():
            drawn[panel.of(group.name)] = (partial(draw, panel=panel), panel.words)
        if not wanted.figures:
            drawn |= {name: (overview.draw, overview.words) for name, overview in pictured(group).items()}
        made = [
            writer.picture(name, partial(draw_it, group, table), f"Figure {name}: {group.title}, {words}")
            for name, (draw_it, words) in drawn.items()
        ]
        pictures = tuple(each for each in made if each)
        figures.append(FigureSection(group, table, files, pictures, recipe(grid, seeds, group.figure)))
        say(f"figure {group.name}: {len(figures[-1].all_files)} files")
    if wanted.figures:
        note(output, writer.paths, whole=False)
        return writer.paths
    across = _across(writer, figures, records)
    findings = scorecard(score(comparison_groups(grid, records)), grid)
    said = discussion(results, records) if results else None
    found = content(records, grid, (findings, writer.table(findings)), figures, across, said, results)
    for page in ("REPORT.md", "index.html"):
        writer.text(page, render(page, **found))
    note(output, writer.paths, whole=True)
    images = gallery_page(grid, [each.group for each in figures], results) if results else None
    if images:  # not listed, as it is not for publishing
        writer.text("gallery.html", images)
    return writer.paths


def check(grid: Grid, wanted: Wanted) -> None:
    """Raise BadInput, with the nearest name, where ``wanted`` names a figure that ``grid`` does not have."""
    _chosen(grid, wanted.figures)


class _Writer:
    """Writes files below ``output``, in those of the formats that apply, and remembers their ``paths``."""

    def __init__(self, output: Path, formats: Sequence[str]) -> None:
        self.output = output
        self.paths: list[Path] = []
        self._kinds = [kind for kind in KINDS if kind in formats]
        self._table_kinds = [kind for kind in TABLE_KINDS if kind in formats]

    def text(self, name: str, text: str) -> str:
        write_bytes(self.output / name, text.encode())
        self.paths.append(self.output / name)
        return name

    def table(self, table: Table) -> tuple[str, ...]:
        return tuple(self.text(f"tables/{table.name}.{kind}", written(table, kind)) for kind in self._table_kinds)

    def picture(self, name: str, draw_it: Callable[[], Drawing | None], words: str) -> Picture | None:
        """Write the picture that ``draw_it`` makes; None where it makes none, or no format of a picture is wanted."""
        figure = draw_it() if self._kinds else None
        if not figure:
            return None
        files = save(self.output, name, figure, self._kinds)
        self.paths += [self.output / file for file in files]
        return Picture(files, words)


def _chosen(grid: Grid, names: Sequence[str]) -> dict[str, tuple[Panel, ...]]:
    """Return the panels asked for by figure. The name of a figure means both panels."""
    whole = {figure.name: tuple(Panel) for figure in grid.figures}
    parts = {panel.of(name): (name, panel) for name in whole for panel in Panel}
    found: dict[str, tuple[Panel, ...]] = {}
    for name in names:
        if name not in whole and name not in parts:
            raise unknown(f"figure of {grid.name}", name, [*whole, *parts])
        figure, panels = (name, whole[name]) if name in whole else (parts[name][0], (parts[name][1],))
        found[figure] = tuple(sorted({*found.get(figure, ()), *panels}))
    return found


def _usual(grid: Grid, records: Collection) -> list[Figure]:
    """Return the figures of ``grid``, of the optional ones those of which a run of its own is recorded."""

    def begun(figure: Figure) -> bool:
        runs = [cell.run for cell in grid.cells([figure], grid.seeds[:1])[0]]
        return any(records.of(run) for run in runs if run != control_of(run))

    return [figure for figure in grid.figures if not figure.optional or begun(figure)]


def _across(writer: _Writer, figures: Sequence[FigureSection], records: Collection) -> Across:
    """Return what belongs to no single figure, written."""
    groups = [each.group for each in figures]
    pairs = [(each.group, each.table) for each in figures]
    archs = dict.fromkeys(run.arch for group in groups for run in group.runs)
    made = [writer.picture(f"pareto-{arch}", partial(pareto, arch, pairs), f"pareto-{arch}: {WORDS}") for arch in archs]
    pictures = tuple(picture for picture in made if picture)
    found = [
        audit_table(records),
        worst_table(groups),
        fgsm_vs_pgd_table(records),
        published_table(_like_published(groups)),
    ]
    tables = tuple(table for table in found if table)
    files = [file for picture in pictures for file in picture.files]
    return Across(pictures, tables, (*files, *[file for table in tables for file in writer.table(table)]))


def _like_published(groups: Sequence[ComparisonGroup]) -> ComparisonGroup | None:
    """Return the first group that is like the published one: ResNet18 under FGSM, several sparsities."""
    alike = [each for each in groups if {run.arch for run in each.runs} == {"resnet18"} and each.attack == Fgsm()]
    return next((each for each in alike if len({run.sparsity for run in each.runs}) > 2), None)
