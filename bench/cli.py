"""The command line: it parses, calls and prints. It decides nothing, and imports TensorFlow nowhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from bench import __version__
from bench.attacks import ATTACKS, attack_named
from bench.command import flag
from bench.data_cli import data
from bench.errors import BenchError
from bench.report_cli import report
from bench.schedule import parse_schedule
from bench.spec import Run
from bench.sweep_cli import RESULTS, export, status, sweep
from bench.trial import EPS, parse_eps, trials_of

Command = TypeVar("Command", bound=Callable[..., Any])
TYPES: dict[str, Any] = {"int": int, "float": float}


class Group(click.Group):
    """A group that turns a BenchError, or Ctrl-C, in any subcommand into its message and exit code."""

    def invoke(self, context: click.Context) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(context)
        except BenchError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted: what was recorded stays; run the same command again to go on", err=True)
            sys.exit(130)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="bench")
def main() -> None:
    """Train, compress, attack and answer: is a compressed network robust, or does it only look so?"""


def settings_of_a_run(command: Command) -> Command:
    """Give a command one option for each setting of a run."""
    for each in reversed(fields(Run)):
        limit = each.metadata["limit"]
        by_arch = each.metadata["by_arch"]
        help_text = each.metadata["help"] + (f"; {limit}" if limit else "") + by_arch * "  [default: the network's own]"
        given = each.default is not MISSING and not by_arch
        command = click.option(
            flag(each),
            each.name,
            type=TYPES.get(str(each.type), str),
            default=str(each.default) if given else None,
            required=each.name == "arch",
            show_default=given and each.default != "",
            help=help_text,
        )(command)
    return command


@main.command()
@settings_of_a_run
@click.option(
    "--attack",
    "attacks",
    multiple=True,
    help=f"attack: {', '.join(ATTACKS)}, with settings as fgsm(knowledge=none), fgsm(knowledge=20), fgsm(loss=margin)"
    "  [default: fgsm, and at T other than 1 by an attacker at T = 1 and on the margin too]",
)
@click.option(
    "--eps",
    default=",".join(f"{radius:g}" for radius in EPS),
    show_default=True,
    help="radii, pixel levels in [0, 255]",
)
@click.option(
    "--attack-fraction", type=float, default=1.0, show_default=True, help="share of the validation images, in (0, 1]"
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="where the images are  [default: $BENCH_DATA_DIR, the cache, a download]",
)
@RESULTS
@click.option("--skip-broken", is_flag=True, help="leave broken images out and record which")
@click.option(
    "--share-with",
    multiple=True,
    metavar="SCHEDULE",
    help="leave the state before the first pruning of this schedule, for pruned runs to go on from",
)
@click.option("--restart", is_flag=True, help="throw away what this run left and start over")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object on stdout")
@click.option("--quiet", is_flag=True, help="no progress on stderr")
def run(
    attacks: tuple[str, ...],
    eps: str,
    attack_fraction: float,
    data_dir: Path | None,
    results_dir: Path,
    skip_broken: bool,
    share_with: tuple[str, ...],
    restart: bool,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Train one network under one setting, attack it, and record both. Run again, it does only what is missing."""
    spec = Run.of(**settings)
    trials = trials_of(spec, [attack_named(text) for text in attacks], parse_eps(eps), attack_fraction)
    schedules = [parse_schedule(text) for text in share_with]
    from bench import show
    from bench.phases import Where, execute
    from bench.progress import Progress

    with Progress(quiet) as progress:
        result = execute(spec, trials, Where(results_dir, data_dir, skip_broken), progress, restart, schedules)
    if not result.worked:
        click.echo("already done: nothing was trained or attacked", err=True)
    click.echo(show.as_json(result) if as_json else show.table(result))
    sys.exit(1 if result.diverged else 0)


main.add_command(data)
main.add_command(sweep)
main.add_command(status)
main.add_command(export)
main.add_command(report)

if __name__ == "__main__":
    main()
