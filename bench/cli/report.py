"""``bench report``: parse, call, print."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bench.cli.options import RECORDED
from bench.errors import BadInput
from bench.report.panels import FORMATS
from bench.runs.grid import PRESETS, load


@click.command()
@RECORDED
@click.option(
    "--output", type=click.Path(path_type=Path), default="reports", show_default=True, help="where the report goes"
)
@click.option("--grid", default="internship", show_default=True, help=f"{', '.join(PRESETS)} or FILE.toml")
@click.option("--figure", "figures", multiple=True, help="this figure, as 9, or panel, as 9a, alone; several times")
@click.option("--format", "formats", multiple=True, type=click.Choice(FORMATS), help="several times  [default: all]")
@click.option("--compare", nargs=2, metavar="RUN RUN", help="print the paired comparison of two runs; write nothing")
@click.option("--mixed", is_flag=True, help="put networks of different code or images side by side all the same")
@click.option("--quiet", is_flag=True, help="no progress on stderr")
def report(
    results_dir: Path,
    output: Path,
    grid: str,
    figures: tuple[str, ...],
    formats: tuple[str, ...],
    compare: tuple[str, str] | None,
    mixed: bool,
    quiet: bool,
) -> None:
    """Make figures, tables and REPORT.md from the records, or compare two runs. Needs no TensorFlow and no images."""
    from bench.records.collection import read

    found = load(grid)
    if compare:
        from bench.comparison.two_runs import pair

        click.echo(pair(read(results_dir, mixed=mixed), *compare), nl=False)
        return
    from bench.report.build import Wanted, assemble, check

    wanted = Wanted(formats or FORMATS, figures)
    check(found, wanted)
    _check_place(output)
    records = read(results_dir, mixed=mixed)
    if not records.networks:
        ends = f" ({records.ends})" if records.ends else ""
        click.echo(f"no trained network under {results_dir}{ends}: bench sweep {grid} makes them", err=True)
    elif not quiet:
        click.echo(f"{sum(map(len, records.networks.values())):,} networks read from {results_dir}", err=True)
    written = assemble(
        records,
        found,
        output,
        wanted,
        (lambda _: None) if quiet else (lambda line: click.echo(line, err=True)),
        results_dir,
    )
    click.echo(f"{len(written)} files under {output}")


def _check_place(output: Path) -> None:
    """Raise BadInput where a report cannot be under ``output``."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        writable = os.access(output, os.W_OK | os.X_OK)
    except OSError as error:
        raise BadInput(f"cannot make --output {output}: {error.strerror}; choose another folder") from error
    if not writable:
        raise BadInput(f"cannot write in --output {output}: read-only; choose another folder")
