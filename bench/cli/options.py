"""Options that several commands share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from bench.audit.battery import SCREEN, Battery
from bench.cli.sections import Option
from bench.errors import BadInput, Interrupted, Terminated
from bench.spec.setting import Section

# Sections of the help, beside those of the settings of a run.
EVALUATION, OUTPUT = "Attacks and audit", "Output"

Command = TypeVar("Command", bound=Callable[..., Any])
STOPPED = "interrupted: what was recorded stays; run the same command again to go on"


def interrupted(by: KeyboardInterrupt) -> Interrupted:
    """Return the error of a command that Ctrl-C, or SIGTERM, ended."""
    return Interrupted(STOPPED, signal.SIGTERM if isinstance(by, Terminated) else signal.SIGINT)


def _folder(context: click.Context, parameter: click.Parameter, value: str) -> Path:
    del context, parameter
    if not value:
        raise click.BadParameter("expected the name of a folder, as in results; received none")
    return Path(value)


def _results_dir(help_text: str, *, exists: bool) -> Callable[[Command], Command]:
    folder = click.Path(exists=exists, file_okay=False)  # text: as a path, no name at all would be the folder "."
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


def _json(help_text: str) -> Callable[[Command], Command]:
    return click.option("--json", "as_json", cls=Option, section=OUTPUT, is_flag=True, help=help_text)


JSON = _json("print one JSON object on stdout")
JSON_LINES = _json("print one JSON object a line on stdout, for each network")
SKIP_BROKEN = click.option(
    "--skip-broken",
    cls=Option,
    section=Section.NETWORK,
    is_flag=True,
    help="leave broken images out; a training records which",
)
QUIET = click.option("--quiet", cls=Option, section=OUTPUT, is_flag=True, help="no progress on stderr")
AUDIT = click.option(
    "--audit",
    cls=Option,
    section=EVALUATION,
    is_flag=True,
    help="audit each network too (screen audit): what is really left, and whether its gradient is masked",
)


def given_options() -> dict[str, str]:
    """Return the options that the user gave to the command, as text by the names of their parameters."""
    context = click.get_current_context()
    return {
        each.name: each.opts[0]
        for each in context.command.params
        if isinstance(each, click.Option)
        and each.name
        and context.get_parameter_source(each.name) is not ParameterSource.DEFAULT
    }


def refuse_unused(names: Collection[str], where: str) -> None:
    """Raise BadInput where the user gave options that have no effect.

    Args:
        names: of the parameters of these options.
        where: they have none, as in "without --target".
    """
    if found := [text for name, text in given_options().items() if name in names]:
        has, them = ("has", "it") if len(found) == 1 else ("have", "them")
        raise BadInput(f"{' and '.join(found)} {has} no effect {where}: leave {them} out")


def audits_asked(audit: bool) -> tuple[Battery, ...]:
    """Return the batteries that ``--audit`` asks for."""
    return (SCREEN,) if audit else ()


def small_eps(radii: Sequence[float]) -> str:
    """Return what to say where ``radii`` look like fractions of the range; empty where they do not."""
    if not radii or not 0 < radii[-1] < 1:
        return ""
    return (
        f"eps is in pixel levels of 0 to 255: {radii[-1]:g} is {radii[-1] / 255:.2g} of the range; for {radii[-1]:g} of the "
        f"range give --eps {255 * radii[-1]:g}"
    )
