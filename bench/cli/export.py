"""``bench export``: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.options import RECORDED
from bench.errors import BadInput, IntegrityError


@click.command()
@RECORDED
@click.option("--format", "kind", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="the file to write  [default: stdout for csv]")
def export(results_dir: Path, kind: str, output: Path | None) -> None:
    """Write every verified record as one table; bench/records/export.py says what each column is.

    There is one row for each run, seed, attack, norm, fraction of the images, and eps. The exit code is 4 where a record was
    left out because it is damaged or cannot be read.
    """
    from bench.records.export import csv, table, write

    if kind == "parquet" and output is None:
        raise BadInput("parquet is not text: expected --output FILE")
    frame, broken = table(results_dir)
    if output:
        write(frame, kind, output)
    else:
        click.echo(csv(frame), nl=False)
    for error in broken:
        click.echo(f"left out: {error}", err=True)
    if broken:
        raise IntegrityError(f"{len(broken)} records are left out, because they are damaged or cannot be read")
