"""``bench audit``: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.options import DATA_DIR, JSON, QUIET, RESULTS
from bench.errors import BadInput, unknown
from bench.records.store import Folder, folders

SEED = "/seed-"


@click.command()
@click.argument("network", metavar="RUN")
@click.argument("control", metavar="[CONTROL]", required=False)
@click.option(
    "--full", is_flag=True, help="the full battery: 785 images, more steps and restarts; its cost is printed first"
)
@DATA_DIR
@RESULTS
@JSON
@QUIET
def audit(
    network: str,
    control: str | None,
    full: bool,
    data_dir: Path | None,
    results_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Audit a trained network: what is left of its accuracy under attack, and whether its gradient is masked.

    RUN is the name of a run's folder, with or without /seed-N. It is compared with CONTROL, another run, on the same images;
    where that is left out, with the same network dense, of full rank, at T = 1, if it is trained and audited.
    """
    from bench.audit.battery import FULL, SCREEN
    from bench.audit.evaluation import audited
    from bench.cli import audit_output
    from bench.runs.pipeline import Where, execute
    from bench.training.progress import Progress

    battery = FULL if full else SCREEN
    controls = {each.run.seed: each for each in _recorded(results_dir, control)} if control else {}
    for folder in _recorded(results_dir, network):
        other = controls.get(folder.run.seed) or next(iter(controls.values()), None)
        with Progress(quiet) as progress:
            for each in (other, folder):
                if each is not None:
                    execute(each.run, [], Where(results_dir, data_dir), progress, audits=[battery.name])
        record, path = audited(folder, battery.name, other), folder.audit_path(battery.name)
        write = audit_output.as_json if as_json else audit_output.card
        click.echo(write(folder.run.key, record, path))


def _recorded(results: Path, text: str) -> list[Folder]:
    """Return the folders of the run that ``text`` names, one a seed, or that of one seed."""
    name, _, seed = text.rstrip("/").removeprefix(f"{results}/").partition(SEED)
    known = [each for each in folders(results) if isinstance(each, Folder)]
    found = [each for each in known if each.run.name == name and seed in ("", str(each.run.seed))]
    if not found:
        names = {each.run.name for each in known}
        if name in names:
            seeds = ", ".join(str(each.run.seed) for each in known if each.run.name == name)
            raise BadInput(f"{name} has no seed {seed} under {results}: expected one of {seeds}")
        raise unknown("run", name, names)
    return found
