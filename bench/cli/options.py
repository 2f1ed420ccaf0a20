"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from bench.cli.sections import Option
from bench.spec.setting import Section

# Sections of the help, beside those of the settings of a run.
EVALUATION, OUTPUT = "Attacks and audit", "Output"

Command = TypeVar("Command", bound=Callable[..., Any])


def _folder(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    del context, parameter
    if str(value) in ("", "."):
        raise click.BadParameter("expected the name of a folder, as in results; received none")
    return value


def _results_dir(help_text: str, *, exists: bool) -> Callable[[Command], Command]:
    folder = click.Path(exists=exists, file_okay=False, path_type=Path)
    return click.option(
        "--results-dir",
        cls=Option,
        section=OUTPUT,
        type=folder,
        default="results",
        show_default=True,
        callback=_folder,
        help=help_text,
    )


RESULTS = _results_dir("where records go", exists=False)
RECORDED = _results_dir("where records are", exists=True)
DATA_DIR = click.option(
    "--data-dir",
    cls=Option,
    section=Section.NETWORK,
    type=click.Path(path_type=Path),
    help="folder with train/CLASS/ and val/CLASS/  [default for imagenette: $BENCH_DATA_DIR, the cache, a download]",
)
JSON = click.option(
    "--json", "as_json", cls=Option, section=OUTPUT, is_flag=True, help="print one JSON object on stdout"
)
QUIET = click.option("--quiet", cls=Option, section=OUTPUT, is_flag=True, help="no progress on stderr")
AUDIT = click.option(
    "--audit",
    cls=Option,
    section=EVALUATION,
    is_flag=True,
    help="audit each network too: what is really left, and whether its gradient is masked",
)


def audits_asked(audit: bool) -> tuple[str, ...]:
    """Return the names of the batteries that ``--audit`` asks for."""
    return ("screen",) if audit else ()


def small_eps(radii: Sequence[float]) -> str:
    """Return what to say where ``radii`` look like fractions of the range; empty where they do not."""
    if not radii or not 0 < radii[-1] < 1:
        return ""
    return (
        f"eps is in pixel levels of 0 to 255: {radii[-1]:g} is {radii[-1] / 255:.2g} of the range; for {radii[-1]:g} of the "
        f"range give --eps {255 * radii[-1]:g}"
    )
