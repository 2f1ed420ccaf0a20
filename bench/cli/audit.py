"""``bench audit``: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.attacks.spec import parse_eps, radii_above_zero
from bench.audit.battery import FULL, SCREEN, Battery
from bench.cli import audit_output
from bench.cli.completion import NETWORK
from bench.cli.options import DATA_DIR, JSON_LINES, QUIET, RESULTS, SKIP_BROKEN, refuse_unused, small_eps
from bench.cli.recorded import recorded, with_networks
from bench.errors import BadInput, BenchError
from bench.imagenet.networks import NETWORKS
from bench.records.images import images_of_run
from bench.records.store import Folder
from bench.training.progress import Progress

if TYPE_CHECKING:  # it imports TensorFlow, which the command line starts without
    from bench.audit.foreign_audit import Foreign

FOREIGN = ".py:"
# The parameters that an audit uses: of every trained network, of runs as one, of a run, of a file, of a network of ImageNet.
ALWAYS = {"data_dir", "quiet"}
OF_ALL = {*ALWAYS, "calibrate", "results_dir"}
OF_ENSEMBLE = {*ALWAYS, "ensemble", "full", "results_dir", "as_json"}
OF_RUN = {*ALWAYS, "quantise", "full", "results_dir", "as_json"}
OF_IMAGENET = {*ALWAYS, "weights", "eps", "skip_broken", "full", "as_json"}
OF_FILE = {*OF_IMAGENET, "control", "image_size", "temperature"}


@click.command()
@click.argument("networks", metavar="[RUN|FILE.py:FUNCTION|IMAGENET] [CONTROL]", nargs=-1, type=NETWORK)
@click.option(
    "--full", is_flag=True, help="full audit: 785 images, more steps and restarts; says first how long it will take"
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="of FILE.py:FUNCTION: .npz, .h5, .keras or a SavedModel; of IMAGENET: a copy of the published ones",
)
@click.option(
    "--control", type=click.Path(path_type=Path), help="weights of an undefended network of the same FILE.py:FUNCTION"
)
@click.option("--image-size", type=int, default=64, show_default=True, help="side of the images for FILE.py:FUNCTION")
@click.option("--temperature", type=float, default=1.0, show_default=True, help="T of the training of FILE.py:FUNCTION")
@click.option(
    "--eps",
    default="2,4",
    show_default=True,
    help="eps for FILE.py:FUNCTION and IMAGENET, L-infinity, pixel levels",
)
@click.option("--ensemble", is_flag=True, help="audit all named runs as one network, which averages their logits")
@click.option(
    "--quantise",
    type=click.Choice(["int8"]),
    help="audit the network as it is deployed in 8 bits, beside it as trained",
)
@click.option("--calibrate", is_flag=True, help="audit every trained network and fakes of it; print the error rates")
@SKIP_BROKEN
@DATA_DIR
@RESULTS
@JSON_LINES
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
    skip_broken: bool,
    data_dir: Path | None,
    results_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Audit a network: what is left of its accuracy under attack, and whether its gradient is masked.

    RUN is the name of a run's folder, with or without /seed-N. It is compared with CONTROL, another run, on the same images.
    Without CONTROL it is compared with the same network, dense, of full rank, at T = 1, if that is trained and audited.

    With --ensemble, all named runs are one network, with all seeds of a RUN without /seed-N; what is printed is recorded
    nowhere.

    FILE.py:FUNCTION builds a network of your own, from pixel levels of 0 to 255 to logits. Give its --weights, and with
    --data-dir a folder CLASS/*.jpg.

    IMAGENET is efficientnet-lite0, mobilenetv2 or vgg16, as trained on ImageNet. Give with --data-dir a folder CLASS/*.jpg,
    each CLASS a WordNet id such as n03445777. All 1,000 classes count.
    """
    battery = FULL if full else SCREEN
    if calibrate:
        if networks:
            raise BadInput(f"--calibrate is of every trained network: expected no RUN, received {', '.join(networks)}")
        _refuse_others(OF_ALL, "with --calibrate")
        from bench.runs.calibration import calibrated

        with Progress(quiet) as progress:
            found = calibrated(results_dir, data_dir, progress)
        click.echo(audit_output.rates(found))
    elif not networks:
        raise BadInput("no network: expected the name of a run, FILE.py:FUNCTION with --weights, or --calibrate")
    elif networks[0] in NETWORKS:
        if len(networks) > 1:
            raise BadInput(f"{networks[0]} has no control here: expected its name alone")
        _refuse_others(OF_IMAGENET, f"for {networks[0]}")
        radii = radii_above_zero(parse_eps(eps))
        _imagenet(networks[0], weights, data_dir, radii, battery, skip_broken, as_json, quiet)
    elif FOREIGN in networks[0]:
        if len(networks) > 1:
            raise BadInput(
                f"{', '.join(networks[1:])} after {networks[0]}: expected it alone; give the weights of its control with "
                "--control"
            )
        _refuse_others(OF_FILE, f"for {networks[0]}")
        radii = radii_above_zero(parse_eps(eps))
        _foreign(
            networks[0],
            weights,
            control,
            data_dir,
            image_size,
            temperature,
            radii,
            battery,
            skip_broken,
            as_json,
            quiet,
        )
    elif ensemble:
        _refuse_others(OF_ENSEMBLE, "with --ensemble")
        _ensemble(networks, results_dir, data_dir, battery, as_json, quiet)
    else:
        _refuse_others(OF_RUN, f"for the run {networks[0]}")
        if len(networks) > 2:
            raise BadInput(
                f"{len(networks)} runs: expected one and its control, or --ensemble to audit all as one network"
            )
        other = networks[1] if len(networks) > 1 else None
        _runs(networks[0], other, results_dir, data_dir, battery, quantise is not None, as_json, quiet)


def _refuse_others(used: set[str], where: str) -> None:
    """Raise BadInput where the user gave another option than those that are ``used``."""
    refuse_unused([str(each.name) for each in audit.params if each.name not in used], where)


def _ensemble(
    networks: tuple[str, ...], results: Path, data_dir: Path | None, battery: Battery, as_json: bool, quiet: bool
) -> None:
    members = with_networks(results, networks)
    training, *_ = [each.trained() for each in members]  # refuse before an image is read
    from bench.training import runtime

    runtime.prepare()
    from bench.audit.ensemble import audit_ensemble

    with Progress(quiet) as progress:
        data = images_of_run(members[0].run, training, data_dir, progress.say, progress.counter("images"))
        record = audit_ensemble(members, data, battery, progress)
    name = "ensemble of " + ", ".join(each.run.key for each in members)
    click.echo((audit_output.as_json if as_json else audit_output.card)(name, record, None))


def _runs(
    network: str,
    other: str | None,
    results: Path,
    data_dir: Path | None,
    battery: Battery,
    in_8_bits: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    from bench.audit.evaluation import audited
    from bench.runs.pipeline import Where, execute

    controls = {each.run.seed: each for each in _trained(recorded(results, other))} if other else {}
    # In 8 bits, a network is shown beside itself as it was trained.
    batteries = [battery, battery.deployed] if in_8_bits else [battery]
    diverged = []
    for folder in _trained(recorded(results, network, NETWORKS)):
        control = controls.get(folder.run.seed) or next(iter(controls.values()), None)
        with Progress(quiet) as progress:
            where = Where(results, data_dir)
            if control is not None and execute(control.run, [], where, progress, audits=[battery]).training.diverged:
                raise BadInput(f"{control.run.key} diverged and has no network: expected a control trained to its end")
            result = execute(folder.run, [], where, progress, audits=batteries)
            if result.training.diverged:
                diverged.append(folder.run.key)
                continue
        record = audited(folder, batteries[-1], control) if control else result.audits[batteries[-1].name]
        path = None if control else folder.audits.path(record.battery)  # its verdict is against its own control
        write = audit_output.as_json if as_json else audit_output.card
        click.echo(write(folder.run.key, record, path))
    if diverged:
        raise BenchError(
            f"{', '.join(diverged)} diverged: there is no network to audit; train it at another --learning-rate"
        )


def _trained(seeds: list[Folder]) -> list[Folder]:
    """Return the folders of the seeds that are trained; BadInput where none is."""
    found = [each for each in seeds if each.training()]
    if not found:
        seeds[0].trained()
    return found


def _imagenet(
    name: str,
    weights: Path | None,
    data_dir: Path | None,
    eps: tuple[float, ...],
    battery: Battery,
    skip_broken: bool,
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
        _audit_foreign(network, name, battery, skip_broken, as_json, progress)


def _foreign(
    place: str,
    weights: Path | None,
    control: Path | None,
    data_dir: Path | None,
    image_size: int,
    temperature: float,
    eps: tuple[float, ...],
    battery: Battery,
    skip_broken: bool,
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
        _audit_foreign(network, f"{place}, {weights.name}", battery, skip_broken, as_json, progress)


def _audit_foreign(
    network: Foreign, name: str, battery: Battery, skip_broken: bool, as_json: bool, progress: Progress
) -> None:
    from bench.audit.foreign_audit import audit_foreign

    if hint := small_eps(network.eps):
        progress.say(hint)
    record = audit_foreign(network, battery, progress, skip_broken)
    click.echo((audit_output.as_json if as_json else audit_output.card)(name, record, None))
