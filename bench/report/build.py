"""Collection and a grid in, files out: figures, tables, REPORT.md and index.html, the same bytes for the same records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.attacks.fgsm import Fgsm
from bench.comparison.findings.score import score
from bench.comparison.group import ComparisonGroup, comparison_groups, control_of
from bench.errors import unknown
from bench.records.collection import Collection
from bench.records.files import write_bytes
from bench.report.discussion import discussion
from bench.report.figures.accuracy_curves import draw
from bench.report.figures.overviews import pictured
from bench.report.figures.pareto import pareto
from bench.report.figures.save import Press
from bench.report.manifest import note
from bench.report.pages.gallery import gallery_page
from bench.report.pages.index import page
from bench.report.pages.markdown import Across, Section, document
from bench.report.panels import FORMATS, KINDS, Panel
from bench.report.tables.fgsm_vs_pgd import iterated_table
from bench.report.tables.figure_table import figure_table
from bench.report.tables.formats import WRITERS
from bench.report.tables.published import published_table
from bench.report.tables.scorecard import scorecard
from bench.report.tables.table import Table
from bench.report.tables.worst_case import worst_table
from bench.runs.grid import Figure, Grid


@dataclass(frozen=True)
class Wanted:
    """What to make: the formats, and the figures by name, all of them where there is none.

    A name is that of a figure of the grid, "9", or of a panel of it, "9a"; tables come with either.
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
    """Write the report of ``records`` on the figures of ``grid`` below ``output``; return what was written.

    figures/<panel>.png and .svg, tables/<figure>.csv, .md, .tex and .html, and, unless ``wanted`` names figures, overviews
    beside the figures, figures/pareto-<architecture>.*, tables/findings.*, REPORT.md, index.html and, where there are
    attacked images below ``results``, gallery.html; files.json lists them. What an earlier report listed and this whole one
    does not make is removed. An optional figure is there where a run of its own has a record.
    ``results``: the folder of the records, which messages on them name and the report leaves out. BadInput for a figure
    that the grid does not have.
    """
    panels = _chosen(grid, wanted.figures)
    by_name = {figure.name: figure for figure in grid.figures}
    found = comparison_groups(grid, records, [by_name[name] for name in panels] or _usual(grid, records))
    sections = []
    with Press(output, len(found)) as press:
        for group in found:
            sections.append(_section(press, group, wanted, panels.get(group.figure, tuple(Panel))))
            say(f"figure {group.name}: {len(sections[-1].images) + len(sections[-1].tables)} files")
        across = Across() if wanted.figures else _across(press, sections, records, wanted.formats)
    written = [output / name for each in sections for name in (*each.tables, *each.images)]
    if wanted.figures:
        note(output, written, whole=False)
        return written
    scored = score(comparison_groups(grid, records))
    findings = scorecard(scored, grid)
    files = _tables(output, findings, wanted.formats)
    said = discussion(results, records) if results else None
    text = document(records, grid, findings, _below(output, files), sections, results, across, said)
    write_bytes(output / "REPORT.md", text.encode())
    whole = page(records, grid, findings, sections, lambda name: (output / name).read_bytes(), results, across, said)
    write_bytes(output / "index.html", whole.encode())
    images = _gallery(output, records, grid, sections, results) if results else []
    others = [output / name for name in (*across.files, "REPORT.md", "index.html")]
    written += [*files, *others]
    note(output, written, whole=True)  # not the gallery, which is no part of what is published
    return [*written, *images]


def _section(press: Press, group: ComparisonGroup, wanted: Wanted, panels: Sequence[Panel]) -> Section:
    """Return what the report has of a group, written below the press's output."""
    table = figure_table(group)
    files = _tables(press.output, table, wanted.formats)
    images = _figures(press, group, table, wanted.formats, panels)
    images += [] if wanted.figures else _overviews(press, group, table, wanted.formats)
    return Section(group, table, _below(press.output, images), _below(press.output, files))


def _gallery(output: Path, records: Collection, grid: Grid, sections: Sequence[Section], results: Path) -> list[Path]:
    shown = gallery_page(records, grid, [each.group for each in sections], results)
    if shown is None:
        return []
    write_bytes(output / "gallery.html", shown.encode())
    return [output / "gallery.html"]


def check(grid: Grid, wanted: Wanted) -> None:
    """Raise BadInput, with the nearest name, where ``wanted`` names a figure that ``grid`` does not have."""
    _chosen(grid, wanted.figures)


def _chosen(grid: Grid, names: Sequence[str]) -> dict[str, tuple[Panel, ...]]:
    """Return the panels asked for by figure; a name that is a figure's means both panels."""
    parts: dict[str, tuple[str, Panel]] = {
        panel.of(figure.name): (figure.name, panel) for figure in grid.figures for panel in Panel
    }
    whole = {figure.name for figure in grid.figures}
    found: dict[str, tuple[Panel, ...]] = {}
    for name in names:
        if name in whole:
            found[name] = tuple(Panel)
        elif name in parts:
            figure, panel = parts[name]
            found[figure] = tuple(sorted({*found.get(figure, ()), panel}))
        else:
            raise unknown(f"figure of {grid.name}", name, [*whole, *parts])
    return found


def _usual(grid: Grid, records: Collection) -> list[Figure]:
    return [figure for figure in grid.figures if not figure.optional or _begun(grid, figure, records)]


def _begun(grid: Grid, figure: Figure, records: Collection) -> bool:
    runs = [cell.run for cell in grid.cells([figure], grid.seeds[:1])[0]]
    return any(records.of(run) for run in runs if run != control_of(run))


def _tables(output: Path, table: Table, formats: Sequence[str]) -> list[Path]:
    written = []
    for kind, writer in WRITERS.items():
        if kind in formats:
            path = output / "tables" / f"{table.name}.{kind}"
            write_bytes(path, writer(table).encode())
            written.append(path)
    return written


def _figures(
    press: Press, group: ComparisonGroup, table: Table, formats: Sequence[str], panels: Sequence[Panel]
) -> list[Path]:
    kinds = [kind for kind in KINDS if kind in formats]
    if not kinds or not group.measured:
        return []
    drawn = [(panel.of(group.name), draw(group, table, panel)) for panel in panels]
    return [path for name, figure in drawn for path in press.save(name, figure, kinds)]


def _overviews(press: Press, group: ComparisonGroup, table: Table, formats: Sequence[str]) -> list[Path]:
    kinds = [kind for kind in KINDS if kind in formats]
    written = []
    for name, overview in pictured(group).items() if kinds else ():
        figure = overview.draw(group, table)
        written += [] if figure is None else press.save(name, figure, kinds)
    return written


def _across(press: Press, sections: Sequence[Section], records: Collection, formats: Sequence[str]) -> Across:
    """Return what belongs to no one figure, written below the press's output."""
    kinds = [kind for kind in KINDS if kind in formats]
    images = []
    for arch, figure in pareto([(each.group, each.table) for each in sections]).items() if kinds else ():
        images += press.save(f"pareto-{arch}", figure, kinds)
    found = [
        worst_table([each.group for each in sections]),
        iterated_table(records),
        published_table(_published(sections)),
    ]
    tables = tuple(table for table in found if table)
    files = [path for table in tables for path in _tables(press.output, table, formats)]
    return Across(_below(press.output, images), tables, _below(press.output, [*images, *files]))


def _published(sections: Sequence[Section]) -> ComparisonGroup | None:
    """Return the first group that is like the published one: ResNet18 under FGSM, several sparsities."""
    for group in (each.group for each in sections):
        alike = {run.arch for run in group.runs} == {"resnet18"} and group.attack == Fgsm()
        if alike and len({run.sparsity for run in group.runs}) > 2:
            return group
    return None


def _below(output: Path, paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(path.relative_to(output).as_posix() for path in paths)
