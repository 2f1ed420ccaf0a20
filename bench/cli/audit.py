"""``bench audit``: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec, parse_eps
from bench.cli import audit_output
from bench.cli.completion import NETWORK
from bench.cli.options import DATA_DIR, JSON, QUIET, RESULTS, small_eps
from bench.errors import BadInput, unknown
from bench.imagenet.networks import NETWORKS
from bench.records.store import Folder, folders
from bench.training.progress import Progress

if TYPE_CHECKING:  # it imports TensorFlow, which the command line starts without
    from bench.audit.foreign_audit import Foreign

SEED = "/seed-"
FOREIGN = ".py:"


@click.command()
@click.argument("networks", metavar="[RUN|FILE.py:FUNCTION|IMAGENET] [CONTROL]", nargs=-1, type=NETWORK)
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
@click.option("--ensemble", is_flag=True, help="audit all named runs as one network, which averages their logits")
@click.option(
    "--quantise",
    type=click.Choice(["int8"]),
    help="audit the network as it is deployed in 8 bits, beside it as trained",
)
@click.option("--calibrate", is_flag=True, help="audit every trained network and fakes of it; print the error rates")
@DATA_DIR
@RESULTS
@JSON
@QUIET
def audit(
    networks: tuple[str, ...],
    full: bool,
    weights: Path | None,
    control: Path | None,
    image_size: int,
    temperature: float,
    eps: str,
    ensemble: bool,
    quantise: str | None,
    calibrate: bool,
    data_dir: Path | None,
    results_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Audit a network: what is left of its accuracy under attack, and whether its gradient is masked.

    RUN is the name of a run's folder, with or without /seed-N. It is compared with CONTROL, another run, on the same images.
    Without CONTROL it is compared with the same network, dense, of full rank, at T = 1, if that is trained and audited.

    With --ensemble, all named runs are one network; what is printed is recorded nowhere.

    FILE.py:FUNCTION builds a network of your own, from pixel levels of 0 to 255 to logits. Give its --weights, and with
    --data-dir a folder CLASS/*.jpg.

    IMAGENET is efficientnet-lite0, mobilenetv2 or vgg16, as trained on ImageNet. Give with --data-dir a folder CLASS/*.jpg,
    each CLASS a WordNet id such as n03445777. All 1,000 classes count.
    """
    battery = "full" if full else "screen"
    if calibrate:
        from bench.runs.calibration import calibrated

        with Progress(quiet) as progress:
            found = calibrated(results_dir, data_dir, progress)
        click.echo(audit_output.rates(found))
    elif not networks:
        raise BadInput("no network: expected the name of a run, FILE.py:FUNCTION with --weights, or --calibrate")
    elif FOREIGN in networks[0] or networks[0] in NETWORKS:
        if ensemble or quantise:
            raise BadInput(f"--ensemble and --quantise are for runs: expected neither for {networks[0]}")
        radii = AttackSpec(Fgsm(), parse_eps(eps)).eps[1:]  # which checks them
        if not radii:
            raise BadInput(f"eps is {eps}: expected a radius above 0, as in --eps 2,4")
        if networks[0] in NETWORKS:
            if control or len(networks) > 1:
                raise BadInput(f"{networks[0]} has no control here: expected its name alone")
            _imagenet(networks[0], weights, data_dir, radii, battery, as_json, quiet)
            return
        _foreign(networks[0], weights, control, data_dir, image_size, temperature, radii, battery, as_json, quiet)
    else:
        if weights or control:
            raise BadInput(f"--weights and --control are for FILE.py:FUNCTION: expected none for the run {networks[0]}")
        if ensemble:
            _ensemble(networks, results_dir, data_dir, battery, as_json, quiet)
            return
        if len(networks) > 2:
            raise BadInput(
                f"{len(networks)} runs: expected one and its control, or --ensemble to audit all as one network"
            )
        name = f"{battery}-{quantise}" if quantise else battery
        _runs(networks[0], networks[1] if len(networks) > 1 else None, results_dir, data_dir, name, as_json, quiet)


def _ensemble(
    networks: tuple[str, ...], results: Path, data_dir: Path | None, battery: str, as_json: bool, quiet: bool
) -> None:
    members = [recorded(results, text)[0] for text in networks]
    run = members[0].run
    from bench.datasets import DATASETS
    from bench.training import runtime

    runtime.prepare()
    from bench.audit.battery import BATTERIES
    from bench.audit.ensemble import audit_ensemble

    with Progress(quiet) as progress:
        data = DATASETS[run.dataset].load(run.image_size, data_dir, False, progress.say, progress.counter("images"))
        record = audit_ensemble(members, data, BATTERIES[battery], progress)
    name = "ensemble of " + ", ".join(each.run.key for each in members)
    click.echo((audit_output.as_json if as_json else audit_output.card)(name, record, None))


def _runs(
    network: str, other: str | None, results: Path, data_dir: Path | None, battery: str, as_json: bool, quiet: bool
) -> None:
    from bench.audit.battery import BATTERIES
    from bench.audit.evaluation import audited
    from bench.runs.pipeline import Where, execute

    controls = {each.run.seed: each for each in recorded(results, other)} if other else {}
    for folder in recorded(results, network):
        control = controls.get(folder.run.seed) or next(iter(controls.values()), None)
        with Progress(quiet) as progress:
            plain = BATTERIES[battery].of_control
            if control is not None:
                execute(control.run, [], Where(results, data_dir), progress, audits=[plain])
            # In 8 bits, a network is shown beside itself as it was trained.
            execute(folder.run, [], Where(results, data_dir), progress, audits=list(dict.fromkeys([plain, battery])))
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


def _imagenet(
    name: str,
    weights: Path | None,
    data_dir: Path | None,
    eps: tuple[float, ...],
    battery: str,
    as_json: bool,
    quiet: bool,
) -> None:
    if data_dir is None:
        raise BadInput(f"{name} needs --data-dir DIR: expected a folder CLASS/*.jpg, each CLASS a WordNet id")
    from bench.training import runtime

    runtime.prepare()
    from bench.networks import foreign_imagenet

    with Progress(quiet) as progress:
        network = foreign_imagenet(name, weights, data_dir, eps, progress.say)
        _audit_foreign(network, name, battery, as_json, progress)


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
    from bench.audit.foreign_audit import Foreign

    network = Foreign(place, weights, control, data_dir, image_size, temperature, eps)
    with Progress(quiet) as progress:
        _audit_foreign(network, f"{place}, {weights.name}", battery, as_json, progress)


def _audit_foreign(network: Foreign, name: str, battery: str, as_json: bool, progress: Progress) -> None:
    from bench.audit.battery import BATTERIES
    from bench.audit.foreign_audit import audit_foreign

    if hint := small_eps(network.eps):
        progress.say(hint)
    record = audit_foreign(network, BATTERIES[battery], progress)
    click.echo((audit_output.as_json if as_json else audit_output.card)(name, record, None))
