"""``bench transfer``: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from bench.attacks.spec import parse_eps, radii_above_zero
from bench.cli import completion, transfer_output
from bench.cli.network import WEIGHTS, networks_named
from bench.cli.options import JSON_LINES, QUIET, RESULTS, small_eps
from bench.errors import BadInput
from bench.features.svm import PENALTIES, check_machine
from bench.records.studies import write_study
from bench.training.progress import Progress


@click.command()
@click.argument("networks", metavar="NETWORK...", nargs=-1, required=True, type=completion.TRAINED)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="the other task: a folder with train/CLASS/ and val/CLASS/; any classes",
)
@click.option("--cut", "cuts", metavar="LAYER,...", help="layers to take features of  [default: four of the network]")
@click.option(
    "--C",
    "penalties",
    metavar="C,...",
    default=",".join(f"{each:g}" for each in PENALTIES),
    show_default=True,
    help="of the linear SVM",
)
@click.option("--eps", default="1,2", show_default=True, help="eps of the attacks, L-infinity, pixel levels")
@click.option("--train-images", type=click.IntRange(2), help="most training images of each class  [default: all]")
@click.option("--val-images", type=click.IntRange(1), help="most validation images of each class  [default: all]")
@click.option(
    "--images",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    help="validation images to attack, of all classes",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="of the held-out part and the solver"
)
@WEIGHTS
@RESULTS
@JSON_LINES
@QUIET
def transfer(
    networks: tuple[str, ...],
    data_dir: Path | None,
    cuts: str | None,
    penalties: str,
    eps: str,
    train_images: int | None,
    val_images: int | None,
    images: int,
    seed: int,
    weights: Path | None,
    results_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Use the features of trained networks for another task, by a linear SVM, and attack the whole.

    NETWORK is a run, efficientnet-lite0, mobilenetv2 or vgg16. For each layer and each C a machine is fitted; cut and C
    are chosen on held-out training images. Trunk and machine then are attacked as one network. The attack called transfer,
    of bench run, is something else. The records go to RESULTS/transfer, where bench report finds them.
    """
    if data_dir is None:
        raise BadInput("no --data-dir: expected a folder with train/CLASS/*.jpg and val/CLASS/*.jpg, the other task")
    if not data_dir.is_dir():
        raise BadInput(f"--data-dir is {str(data_dir)!r}: expected a folder with train/CLASS/ and val/CLASS/")
    values = _numbers(penalties)
    layers = [each.strip() for each in cuts.split(",")] if cuts else []
    radii = radii_above_zero(parse_eps(eps))
    check_machine(values)
    with Progress(quiet) as progress:
        if hint := small_eps(radii):
            progress.say(hint)
        found = networks_named(networks, results_dir, weights, progress)
        from bench.features.images import images_of_task
        from bench.features.transfer import transfer as transferred
        from bench.report.figures.save import write
        from bench.report.figures.transferred import transferred as picture
        from bench.report.network_names import names_by_run

        named = names_by_run([each.run.run for each in found if each.run])
        for network in found:
            data = images_of_task(data_dir, network.size, train_images, val_images, progress)
            record = transferred(network, data, progress, layers, values, radii, images, seed)
            path = write_study(results_dir, record)
            paths = [*write(path.with_name(path.stem), picture(record, named)), path]
            click.echo(record.model_dump_json() if as_json else transfer_output.table(record, paths))


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadInput(f"C is {text!r}: expected numbers separated by commas, as in 0.001,0.01") from error
