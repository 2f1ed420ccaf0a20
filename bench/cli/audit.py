"""``bench audit``: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from bench.attacks.spec import parse_eps
from bench.cli import audit_output
from bench.cli.options import DATA_DIR, JSON, QUIET, RESULTS, small_eps
from bench.errors import BadInput, unknown
from bench.records.store import Folder, folders
from bench.training.progress import Progress

SEED = "/seed-"
FOREIGN = ".py:"


@click.command()
@click.argument("network", metavar="[RUN|FILE.py:FUNCTION]", required=False)
@click.argument("other", metavar="[CONTROL]", required=False)
@click.option("--full", is_flag=True, help="785 images, more steps and restarts; says first how long it will take")
@click.option(
    "--weights", type=click.Path(path_type=Path), help="of FILE.py:FUNCTION: .npz, .h5, .keras or a SavedModel"
)
@click.option(
    "--control", type=click.Path(path_type=Path), help="weights of an undefended network of the same FILE.py:FUNCTION"
)
@click.option("--image-size", type=int, default=64, show_default=True, help="side of the images for FILE.py:FUNCTION")
@click.option("--temperature", type=float, default=1.0, show_default=True, help="T of the training of FILE.py:FUNCTION")
@click.option("--eps", default="2,4", show_default=True, help="radii for FILE.py:FUNCTION, L-infinity, pixel levels")
@click.option("--calibrate", is_flag=True, help="audit every trained network and fakes of it; print the error rates")
@DATA_DIR
@RESULTS
@JSON
@QUIET
def audit(
    network: str | None,
    other: str | None,
    full: bool,
    weights: Path | None,
    control: Path | None,
    image_size: int,
    temperature: float,
    eps: str,
    calibrate: bool,
    data_dir: Path | None,
    results_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Audit a network: what is left of its accuracy under attack, and whether its gradient is masked.

    RUN is the name of a run's folder, with or without /seed-N. It is compared with CONTROL, another run, on the same images.
    Without CONTROL it is compared with the same network, dense, of full rank, at T = 1, if that is trained and audited.

    FILE.py:FUNCTION builds a network of your own, from pixel levels of 0 to 255 to logits. Give its --weights, and with
    --data-dir a folder CLASS/*.jpg.
    """
    battery = "full" if full else "screen"
    if calibrate:
        from bench.runs.calibration import calibrated

        with Progress(quiet) as progress:
            found = calibrated(results_dir, data_dir, progress)
        click.echo(audit_output.rates(found))
    elif network is None:
        raise BadInput("no network: expected the name of a run, FILE.py:FUNCTION with --weights, or --calibrate")
    elif FOREIGN in network:
        radii = parse_eps(eps)[1:]
        _foreign(network, weights, control, data_dir, image_size, temperature, radii, battery, as_json, quiet)
    else:
        if weights or control:
            raise BadInput(f"--weights and --control are for FILE.py:FUNCTION: expected none for the run {network}")
        _runs(network, other, results_dir, data_dir, battery, as_json, quiet)


def _runs(
    network: str, other: str | None, results: Path, data_dir: Path | None, battery: str, as_json: bool, quiet: bool
) -> None:
    from bench.audit.evaluation import audited
    from bench.runs.pipeline import Where, execute

    controls = {each.run.seed: each for each in recorded(results, other)} if other else {}
    for folder in recorded(results, network):
        control = controls.get(folder.run.seed) or next(iter(controls.values()), None)
        with Progress(quiet) as progress:
            for each in (control, folder):
                if each is not None:
                    execute(each.run, [], Where(results, data_dir), progress, audits=[battery])
        record, path = audited(folder, battery, control), folder.audit_path(battery)
        write = audit_output.as_json if as_json else audit_output.card
        click.echo(write(folder.run.key, record, path))


def recorded(results: Path, text: str) -> list[Folder]:
    """Return the folders of the run that ``text`` names, one a seed, or that of one seed."""
    name, _, seed = text.rstrip("/").removeprefix(f"{results}/").partition(SEED)
    known = [each for each in folders(results) if isinstance(each, Folder)]
    found = [each for each in known if each.run.name == name and seed in ("", str(each.run.seed))]
    if not found:
        names = {each.run.name for each in known}
        if not names:
            raise BadInput(
                f"no run {text!r}: there is none under {results}; bench run trains one, or give --results-dir"
            )
        if name in names:
            seeds = ", ".join(str(each.run.seed) for each in known if each.run.name == name)
            raise BadInput(f"{name} has no seed {seed} under {results}: expected one of {seeds}")
        raise unknown("run", name, names)
    return found


def _foreign(
    place: str,
    weights: Path | None,
    control: Path | None,
    data_dir: Path | None,
    image_size: int,
    temperature: float,
    eps: tuple[float, ...],
    battery: str,
    as_json: bool,
    quiet: bool,
) -> None:
    if weights is None or data_dir is None:
        missing = "--weights FILE" if weights is None else "--data-dir DIR"
        raise BadInput(f"{place} needs {missing}: expected its weights, and a folder CLASS/*.jpg of images to attack")
    from bench.training import runtime

    runtime.prepare()
    from bench.audit.battery import BATTERIES
    from bench.audit.foreign_audit import Foreign, audit_foreign

    network = Foreign(place, weights, control, data_dir, image_size, temperature, eps)
    with Progress(quiet) as progress:
        if hint := small_eps(eps):
            progress.say(hint)
        record = audit_foreign(network, BATTERIES[battery], progress)
    write = audit_output.as_json if as_json else audit_output.card
    click.echo(write(f"{place}, {weights.name}", record, None))
