"""Records and a grid in, files out: figures, tables, REPORT.md and index.html. Same records, same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure as Drawing

from bench.attacks.fgsm import Fgsm
from bench.comparison.families import LARGEST, families
from bench.comparison.findings.score import score
from bench.comparison.group import ComparisonGroup, comparison_groups
from bench.comparison.standing import standings
from bench.errors import unknown
from bench.records.collection import Collection
from bench.records.files import write_bytes
from bench.report.answer import Answer
from bench.report.content import Across, FigureSection, Found, content, family_recipe, recipe
from bench.report.discussion import discussion
from bench.report.figures.accuracy_curves import draw
from bench.report.figures.answer import WORDS as ANSWER_WORDS
from bench.report.figures.answer import draw_answer
from bench.report.figures.fooling_matrix import fooling_matrix
from bench.report.figures.overviews import pictured
from bench.report.figures.pareto import WORDS, pareto
from bench.report.figures.save import save
from bench.report.figures.transferred import transferred
from bench.report.forked import in_processes
from bench.report.gallery import gallery_page
from bench.report.leaderboard import leaderboard
from bench.report.manifest import note
from bench.report.network_names import called, names_in
from bench.report.panels import FORMATS, KINDS, Panel, in_numerical_order
from bench.report.picture import Picture
from bench.report.rendering import render
from bench.report.tables.audits import audit_table
from bench.report.tables.drawings import drawing_table
from bench.report.tables.fgsm_vs_pgd import fgsm_vs_pgd_table
from bench.report.tables.figure_table import figure_table
from bench.report.tables.fooling import fooling_table
from bench.report.tables.formats import TABLE_KINDS, written
from bench.report.tables.looks import look_table
from bench.report.tables.published import published_table
from bench.report.tables.scorecard import scorecard
from bench.report.tables.table import Table
from bench.report.tables.transfer import transfer_table
from bench.report.tables.worst_case import worst_table
from bench.runs.grid import Figure, Grid
from bench.spec.architectures import head_of
from bench.spec.control import control_of

Drawer = Callable[[ComparisonGroup, Table], Drawing | None]
_ToDraw = tuple[str, Callable[[], Drawing | None], str]  # the name of a picture, what draws it, and its words
_Made = tuple[Table, tuple[str, ...], tuple[Picture, ...]]  # of a figure: its table, the files of that, its pictures


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
    there are also figures/answer.*, overviews beside the figures, figures/pareto-<architecture>.*, figures/fooling-<n>.* and
    figures/transfer-<n>.* of what belongs to no single run, tables/networks.*, the scorecard as tables/findings.*, REPORT.md,
    index.html and, where there are attacked images, gallery.html. files.json lists them. A whole report removes what an
    earlier one listed and this one does not make. A figure is made where a run of its own is recorded. Runs that no figure
    has are compared with their controls in figures of their own.

    Args:
        output: the folder of the report.
        say: takes a line of progress for each figure.
        results: the folder of the records, for the discussion and the images. The report does not name it.

    Raises:
        BadInput: ``wanted`` names a figure that the grid does not have.
    """
    panels = _chosen(grid, wanted.figures)
    chosen = [figure for figure in grid.figures if figure.name in panels] or _begun(grid, records)
    writer = _Writer(output, wanted.formats)
    groups = comparison_groups(grid, records, chosen)
    seeds = {seed for each in records.networks.values() for seed in each}

    apart = [] if wanted.figures else families(records, [run for group in groups for run in group.runs])
    small = [group for group in apart if len(group.runs) <= LARGEST]
    commands = [*map(family_recipe, small), *[recipe(grid, seeds, group.figure) for group in groups]]
    draw_it = partial(_drawn, output, wanted.formats, panels=panels, whole=not wanted.figures)

    def finished(made: Iterator[_Made]) -> Iterator[FigureSection]:
        for group, each, how in zip([*small, *groups], made, commands, strict=True):
            section = FigureSection(group, *each, how)
            writer.paths += [output / file for file in section.all_files]
            say(f"figure {group.name}: {len(section.all_files)} files")
            yield section

    with in_processes(draw_it, [*small, *groups]) as made:
        if wanted.figures:
            list(finished(made))
            note(output, writer.paths, whole=False)
            return writer.paths
        # While the figures are drawn.
        answer = Answer(tuple(standings(records)), len(records.networks))
        table, entries = leaderboard(records, answer)
        scored = score(groups)
        sections = list(finished(made))
    picture = writer.picture("answer", partial(draw_answer, answer), ANSWER_WORDS)
    writer.add([picture])
    card = scorecard(scored, grid)
    found = content(
        records,
        grid,
        Found(
            answer=answer,
            picture=picture,
            networks=(table, writer.table(table) if entries else ()),
            entries=entries,
            findings=(scored, card, writer.table(card) if any(each.examined for each in scored) else ()),
            own=sections[: len(small)],
            figures=sections[len(small) :],
            across=_across(writer, sections, records),
            crowded=[group for group in apart if len(group.runs) > LARGEST],
            discussed=discussion(results, records) if results else None,
        ),
        results,
    )
    for page in ("REPORT.md", "index.html"):
        writer.text(page, render(page, **found))
    note(output, writer.paths, whole=True)
    images = gallery_page(grid, [each.group for each in sections], results) if results else None
    if images:  # not listed, as it is not for publishing
        writer.text("gallery.html", images)
    return writer.paths


def _drawn(
    output: Path, formats: Sequence[str], group: ComparisonGroup, *, panels: Mapping[str, Sequence[Panel]], whole: bool
) -> _Made:
    """Write the table and the pictures of ``group``: its ``panels``, all by default, and the overviews where ``whole``."""
    writer, table = _Writer(output, formats), figure_table(group)
    files = writer.table(table)
    drawn: dict[str, tuple[Drawer, str]] = {}
    for panel in panels.get(group.figure, tuple(Panel)) if group.measured else ():
        drawn[panel.of(group.name)] = (partial(draw, panel=panel), panel.words)
    if whole:
        drawn |= {name: (overview.draw, overview.words) for name, overview in pictured(group).items()}
    made = [
        writer.picture(name, partial(draw_it, group, table), f"Figure {name}: {group.title}, {words}")
        for name, (draw_it, words) in drawn.items()
    ]
    return table, files, tuple(each for each in made if each)


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
        """Write the picture that ``draw_it`` makes; None where it makes none, or no format of a picture is wanted.

        Another process may do it. ``add`` remembers it in this one.
        """
        figure = draw_it() if self._kinds else None
        return Picture(save(self.output, name, figure, self._kinds), words) if figure else None

    def add(self, pictures: Iterable[Picture | None]) -> tuple[Picture, ...]:
        """Remember the files of ``pictures``, and return those that there are."""
        found = tuple(each for each in pictures if each)
        self.paths += [self.output / file for each in found for file in each.files]
        return found


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


def _begun(grid: Grid, records: Collection) -> list[Figure]:
    """Return the figures of ``grid`` of which a run besides the controls is recorded, in the order of their names."""

    def begun(figure: Figure) -> bool:
        runs = [cell.run for cell in grid.cells([figure], grid.seeds[:1])[0]]
        return any(records.of(run) for run in runs if run != control_of(run))

    return sorted(filter(begun, grid.figures), key=lambda figure: in_numerical_order(figure.name))


def _across(writer: _Writer, figures: Sequence[FigureSection], records: Collection) -> Across:
    """Return what belongs to no single figure, written."""
    groups = [each.group for each in figures]
    pairs = [(each.group, each.table) for each in figures]
    archs = dict.fromkeys(run.arch for group in groups for run in group.runs)
    heads = Counter[str]()
    drawn: list[_ToDraw] = []
    for arch in archs:  # the name of a file has a path, which is no part of another file's name
        head = head_of(arch)
        heads[head] += 1
        name = f"pareto-{head}" + f"-{heads[head]}" * (heads[head] > 1)
        drawn.append((name, partial(pareto, arch, pairs), f"{name}: {WORDS}"))
    with in_processes(lambda each: writer.picture(*each), drawn + _studies(records)) as made:
        # While the pictures are drawn.
        found = [
            audit_table(records),
            look_table(records),
            drawing_table(records),
            fooling_table(records),
            transfer_table(records),
            worst_table(groups),
            fgsm_vs_pgd_table(records),
            published_table(_like_published(groups)),
        ]
        pictures = writer.add(made)
    tables = tuple(table for table in found if table)
    files = [file for picture in pictures for file in picture.files]
    return Across(pictures, tables, (*files, *[file for table in tables for file in writer.table(table)]))


def _studies(records: Collection) -> list[_ToDraw]:
    """Return what to draw for each study that belongs to no single run."""
    named = names_in(records)
    drawn: list[_ToDraw] = [
        (
            f"fooling-{place}",
            partial(fooling_matrix, each, named),
            f"fooling-{place}: how often fooling images fool others, eps {each.eps:g}",
        )
        for place, each in enumerate(records.matrices, 1)
    ]
    return drawn + [
        (
            f"transfer-{place}",
            partial(transferred, each, named),
            f"transfer-{place}: features of {called(named, each.network)}, {len(each.classes)} classes",
        )
        for place, each in enumerate(records.transfers, 1)
    ]


def _like_published(groups: Sequence[ComparisonGroup]) -> ComparisonGroup | None:
    """Return the group that is like the published one: ResNet18 under FGSM, several sparsities, the best dense network."""
    alike = [each for each in groups if {run.arch for run in each.runs} == {"resnet18"} and each.attack == Fgsm()]
    several = [each for each in alike if len({run.sparsity for run in each.runs}) > 2]
    return max(several, key=_clean_accuracy, default=None)


def _clean_accuracy(group: ComparisonGroup) -> float:
    """Return the mean clean accuracy of the control of ``group`` over its seeds; 0 where it is not recorded."""
    seeds = group.trained(group.runs[0]).values()
    return sum(each.metrics.accuracy for each in seeds) / max(1, len(seeds))
