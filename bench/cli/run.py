"""The command ``bench run``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import click

from bench.attacks import ATTACKS, attack_named
from bench.attacks.norms import LINF
from bench.attacks.spec import attack_specs, eps_text, parse_eps
from bench.cli.completion import RUN, one_of
from bench.cli.options import (
    AUDIT,
    DATA_DIR,
    EVALUATION,
    JSON,
    OUTPUT,
    QUIET,
    RESULTS,
    SKIP_BROKEN,
    Command,
    audits_asked,
    given_options,
    interrupted,
    refuse_unused,
    small_eps,
)
from bench.cli.sections import Option, SectionedCommand
from bench.errors import Interrupted
from bench.spec.architectures import ARCHITECTURES, ArchitectureName
from bench.spec.limits import OneOf
from bench.spec.pruning_schedule import parse_schedule
from bench.spec.run import Run
from bench.spec.setting import Section, flag

TYPES: dict[str, Any] = {"int": int, "float": float}


def settings_of_a_run(command: Command) -> Command:
    """Give a command one option for each setting of a run."""
    for each in reversed(fields(Run)):
        limit, by_arch = each.metadata["limit"], each.metadata["by_arch"]
        help_text = each.metadata["help"] + (f"; {limit}" if limit else "") + by_arch * "  [default: the network's own]"
        given = each.default is not MISSING and not by_arch
        # A default of None would make --arch optional.
        default: dict[str, Any] = {"default": str(each.default)} if given else {}
        command = click.option(
            flag(each),
            each.name,
            cls=Option,
            section=each.metadata["section"],
            type=_type_of(each),
            required=each.name == "arch",
            show_default=given and each.default != "",
            help=help_text,
            **default,
        )(command)
    return command


def _type_of(setting: Field[Any]) -> Any:
    """Return the type of the option of a setting. Its limit or its kind says what a shell offers."""
    limit = setting.metadata["limit"]
    if setting.metadata["names_run"]:
        return RUN
    if isinstance(limit, OneOf):
        return one_of(limit.names)
    if isinstance(limit, ArchitectureName):
        return one_of(ARCHITECTURES, files=True)
    return TYPES.get(str(setting.type), str)


@contextmanager
def _goes_on_without(restart: bool) -> Iterator[None]:
    """Say where the block is stopped that the same command would ``restart``."""
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as error:
        if not restart:
            raise
        known = error if isinstance(error, Interrupted) else interrupted(error)
        raise Interrupted(f"{known}, without --restart", known.exit_code - 128) from error


@click.command(cls=SectionedCommand)
@settings_of_a_run
@click.option(
    "--attack",
    "attacks",
    cls=Option,
    section=EVALUATION,
    multiple=True,
    type=one_of(ATTACKS),
    help=f"{', '.join(ATTACKS)}, with settings as fgsm(knowledge=none), fgsm(knowledge=20), fgsm(loss=margin); may be "
    "repeated  [default: fgsm; where T is not 1 also fgsm(knowledge=none) and fgsm(loss=margin)]",
)
@click.option(
    "--eps",
    cls=Option,
    section=EVALUATION,
    help=f"eps to attack at, in the attack's norm and its unit  [default in {LINF}, {LINF.unit}: {eps_text(LINF.eps)}]",
)
@click.option(
    "--attack-fraction",
    cls=Option,
    section=EVALUATION,
    type=float,
    default=1.0,
    show_default=True,
    help="fraction of the validation images, in (0, 1]",
)
@AUDIT
@DATA_DIR
@RESULTS
@SKIP_BROKEN
@click.option(
    "--share-with",
    cls=Option,
    section=Section.TRAINING,
    multiple=True,
    metavar="SCHEDULE",
    help="keep the training up to the first pruning of this schedule, for pruned runs to start from; may be repeated",
)
@click.option(
    "--restart", cls=Option, section=Section.TRAINING, is_flag=True, help="remove what this run left and start over"
)
@JSON
@click.option("--verbose", cls=Option, section=OUTPUT, is_flag=True, help="print every accuracy of every attack")
@QUIET
def run(
    attacks: tuple[str, ...],
    eps: str | None,
    attack_fraction: float,
    audit: bool,
    data_dir: Path | None,
    results_dir: Path,
    skip_broken: bool,
    share_with: tuple[str, ...],
    restart: bool,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Train a network, attack it, and record both. Run again, it does only what is missing."""
    if as_json:
        refuse_unused(["verbose"], "with --json")
    given = given_options()
    spec = Run.of(**{name: value for name, value in settings.items() if name in given})
    radii = parse_eps(eps) if eps is not None else ()
    specs = attack_specs(spec, [attack_named(text) for text in attacks], radii, attack_fraction)
    schedules = [parse_schedule(text) for text in share_with]
    from bench.cli import audit_output, run_output
    from bench.runs.pipeline import Where, execute
    from bench.training.progress import Progress

    with _goes_on_without(restart), Progress(quiet) as progress:
        if hint := small_eps(radii):
            progress.say(hint)
        result = execute(
            spec, specs, Where(results_dir, data_dir, skip_broken), progress, restart, schedules, audits_asked(audit)
        )
    if not result.worked:
        click.echo("already done: nothing was trained or attacked", err=True)
    if result.attacks and (result.worked or not result.folder.curve.exists()):
        from bench.report.figures.run_curve import curve
        from bench.report.figures.save import write

        write(result.folder.curve.with_suffix(""), curve(result.network), ("png",))
    click.echo(
        run_output.as_json(result) if as_json else run_output.tables(result) if verbose else run_output.summary(result)
    )
    for record in result.audits.values():
        if not as_json:
            click.echo(
                "\n" + audit_output.card(result.folder.run.key, record, result.folder.audits.path(record.battery))
            )
    sys.exit(1 if result.training.diverged else 0)
