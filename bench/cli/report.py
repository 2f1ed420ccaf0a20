"""``bench report``: parse, call, print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from bench.cli.completion import GRID, RUN
from bench.cli.options import QUIET, RECORDED, refuse_unused
from bench.errors import BadInput, IntegrityError
from bench.records.collection import Collection, read
from bench.records.files import make_folder
from bench.report.panels import FORMATS
from bench.runs.grid import PRESETS, load
from bench.spec.words import how_many


@click.command()
@RECORDED
@click.option(
    "--output", type=click.Path(path_type=Path), default="reports", show_default=True, help="folder of the report"
)
@click.option("--grid", type=GRID, default="internship", show_default=True, help=f"{', '.join(PRESETS)} or FILE.toml")
@click.option("--figure", "figures", multiple=True, help="only this figure, as 9, or panel, as 9a; repeatable")
@click.option("--format", "formats", multiple=True, type=click.Choice(FORMATS), help="repeatable  [default: all]")
@click.option(
    "--compare", nargs=2, type=RUN, metavar="RUN RUN", help="print the paired comparison of two runs; write nothing"
)
@click.option("--mixed", is_flag=True, help="compare networks of other versions, images or network files too")
@click.option("--serve", is_flag=True, help="show the report on 127.0.0.1 and make it again while a sweep runs")
@QUIET
def report(
    results_dir: Path,
    output: Path,
    grid: str,
    figures: tuple[str, ...],
    formats: tuple[str, ...],
    compare: tuple[str, str] | None,
    mixed: bool,
    serve: bool,
    quiet: bool,
) -> None:
    """Make figures, tables, REPORT.md and index.html from the records, or compare two runs.

    Needs neither TensorFlow nor the images. Exits with 4 if damaged records were left out.
    """
    if compare:
        refuse_unused(["output", "grid", "figures", "formats", "serve"], "with --compare, which writes nothing")
        from bench.comparison.two_runs import pair

        records = read(results_dir, mixed=mixed)
        click.echo(pair(records, *compare), nl=False)
        for each in records.damaged:
            click.echo(f"left out: {each.what}: {each.reason}", err=True)
        _check_records(records, "the lines above say why")
        return
    from bench.report.build import Wanted, assemble, check

    found = load(grid)
    wanted = Wanted(formats or FORMATS, figures)
    check(found, wanted)
    make_folder(output, "--output ", "choose another folder")
    records = read(results_dir, mixed=mixed)
    if not records.networks:
        ends = f" ({records.ends})" if records.ends else ""
        cells, _ = found.cells(found.figures, found.seeds)
        own = {cell.run for cell in cells}
        others = any(run not in own for run, _ in records.unfinished)
        remedy = "bench status lists them" if others else f"bench sweep {grid} makes them"
        nothing = f"no trained network under {results_dir}{ends}: {remedy}"
        if figures:
            raise BadInput(nothing)
        click.echo(nothing, err=True)
    elif not quiet:
        click.echo(f"{how_many(len(records.every), 'network')} read from {results_dir}", err=True)
    say: Callable[[str], None] = (lambda _: None) if quiet else (lambda line: click.echo(line, err=True))
    written = assemble(records, found, output, wanted, say, results_dir)
    click.echo(f"{how_many(len(written), 'file')} under {output}")
    if serve:
        from bench.report.serving import serve as show

        def again() -> None:
            files = assemble(read(results_dir, mixed=mixed), found, output, wanted, say, results_dir)
            click.echo(f"{len(files)} files under {output}")

        show(output, results_dir, again, click.echo)
    _check_records(records, "REPORT.md lists all with the reason")


def _check_records(records: Collection, more: str) -> None:
    """Raise IntegrityError, once the work is done, where damaged records were left out; ``more`` says where the reasons are."""
    if damaged := records.damaged:
        raise IntegrityError(
            f"{len(damaged)} damaged record{'s were' if len(damaged) > 1 else ' was'} left out, the first: "
            f"{damaged[0].what}; {more}"
        )
