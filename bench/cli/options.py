"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click


def _folder(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    del context, parameter
    if str(value) in ("", "."):
        raise click.BadParameter("expected the name of a folder, as in results; received none")
    return value


RESULTS = click.option(
    "--results-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default="results",
    show_default=True,
    callback=_folder,
    help="where records go",
)
RECORDED = click.option(
    "--results-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default="results",
    show_default=True,
    callback=_folder,
    help="where records are",
)
