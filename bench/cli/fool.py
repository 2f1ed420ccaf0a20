"""``bench fool``: parse, call, print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli import completion, fool_output
from bench.cli.network import WEIGHTS, networks_named
from bench.cli.options import DATA_DIR, JSON, QUIET, RESULTS, refuse_unused, small_eps
from bench.datasets.messages import printable
from bench.errors import BadInput
from bench.fooling.limits import EPS, STEPS
from bench.imagenet.images import class_folders
from bench.imagenet.networks import NETWORKS
from bench.records.files import make_folder
from bench.records.studies import write_study
from bench.records.typed_files import write_record
from bench.training.progress import Progress

if TYPE_CHECKING:  # it imports TensorFlow, which the command line starts without
    from bench.networks import LoadedNetwork

MATRIX_EPS = 2.0
OUTPUT = "fooled"
DIGITS = 8  # of the sha256 of an image, in the name of its record


@click.command()
@click.argument("image", required=False, type=click.Path(path_type=Path))
@click.option(
    "--network",
    "networks",
    multiple=True,
    type=completion.TRAINED,
    help="a run, efficientnet-lite0, mobilenetv2 or vgg16; without IMAGE two or more, each by an option of its own",
)
@click.option(
    "--eps",
    type=float,
    help="largest change of a pixel value, in pixel levels of 0 to 255  [default: the smallest that is found; 2 for a matrix]",
)
@click.option("--target", metavar="CLASS", help="the class to reach, by name or id  [default: any other class]")
@click.option(
    "--steps", type=click.IntRange(1, 10_000), default=STEPS, show_default=True, help="gradient steps of a climb"
)
@click.option("--images", type=click.IntRange(1), default=256, show_default=True, help="validation images of a matrix")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="of the noise of a matrix")
@WEIGHTS
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="folder of the pictures and the record of an IMAGE  [default: fooled]",
)
@DATA_DIR
@RESULTS
@JSON
@QUIET
def fool(
    image: Path | None,
    networks: tuple[str, ...],
    eps: float | None,
    target: str | None,
    steps: int,
    images: int,
    seed: int,
    weights: Path | None,
    output: Path | None,
    data_dir: Path | None,
    results_dir: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fool a network: find a small change of an image that gives it another class, and draw both.

    With IMAGE, a JPEG or PNG file, and one --network: image + change = fooled, with the three likeliest classes and their
    confidence. Without --eps, the smallest change is searched.

    Without IMAGE, with two or more --network: how often the fooling images of each fool the others, on validation images.
    The record goes to RESULTS/fooling, where bench report finds it.
    """
    if not networks:
        raise BadInput(f"no network: expected --network with a run or one of {', '.join(NETWORKS)}")
    if image is not None and len(networks) > 1:
        raise BadInput(f"{len(networks)} networks and an IMAGE: expected one --network, or no IMAGE for a matrix")
    if image is None and len(networks) == 1:
        raise BadInput("no IMAGE: expected a JPEG or PNG file, or two or more --network for a matrix")
    if eps is not None:
        EPS.check("--eps", eps)
    output = output or Path(OUTPUT)
    if image is not None:
        refuse_unused(["images", "seed", "data_dir"], "with an IMAGE")
        if networks[0] in NETWORKS:
            refuse_unused(["results_dir"], f"with an IMAGE for {networks[0]}")
        _check_file(image)
        make_folder(output, "--output ", "choose another folder")
    else:
        refuse_unused(["target", "output"], "without an IMAGE")
        if networks[0] in NETWORKS:  # whose images are shown
            class_folders(networks[0], data_dir)
    with Progress(quiet) as progress:
        if eps is not None and (hint := small_eps([eps])):
            progress.say(hint)
        found = networks_named(networks, results_dir, weights, progress)
        if image is not None:
            _image(found, image, eps, target, steps, output, as_json)
        else:
            _matrix(
                found, MATRIX_EPS if eps is None else eps, steps, images, seed, data_dir, results_dir, as_json, progress
            )


def _check_file(image: Path) -> None:
    """Raise BadInput before TensorFlow starts where there is no such file."""
    if not image.is_file():
        what = "a folder" if image.is_dir() else "no such file"
        raise BadInput(f"IMAGE is {printable(image)!r}: expected a JPEG or PNG file, received {what}")


def _image(
    networks: Sequence[LoadedNetwork],
    image: Path,
    eps: float | None,
    target: str | None,
    steps: int,
    output: Path,
    as_json: bool,
) -> None:
    from bench.fooling.image import fool_image
    from bench.report.figures.fooled import fooled as picture
    from bench.report.figures.save import write

    if len(networks) > 1:
        raise BadInput(f"the run has {len(networks)} seeds: expected one with an IMAGE, as in {networks[0].name}")
    found = fool_image(networks[0], image, eps, target, steps)
    goal = "any" if found.record.target is None else found.record.target
    other = ("" if eps is None else f"-eps-{eps:g}") + ("" if steps == STEPS else f"-steps-{steps}")
    # Two folders may have an image of one name.
    which = f"{image.stem}-{found.record.image[:DIGITS]}"
    name = re.sub(r"[^\w.]+", "-", f"{which}-{networks[0].name}-{goal}{other}")
    path = output / f"{name}.json"
    write_record(path, found.record)
    paths = [*write(output / name, picture(found.record, found.clean, found.fooled)), path]
    click.echo(found.record.model_dump_json() if as_json else fool_output.image(found.record, paths))


def _matrix(
    networks: Sequence[LoadedNetwork],
    eps: float,
    steps: int,
    images: int,
    seed: int,
    data_dir: Path | None,
    results: Path,
    as_json: bool,
    progress: Progress,
) -> None:
    from bench.fooling.matrix import check_alike, matrix_of
    from bench.networks import images_for
    from bench.report.figures.fooling_matrix import fooling_matrix
    from bench.report.figures.save import write
    from bench.report.network_names import names_by_run

    check_alike(networks)
    data = images_for(networks[0], data_dir, progress)
    shown = data.val.spread(images)
    record = matrix_of(networks, shown, data.fingerprint, eps, steps, seed, progress.counter("fooling images"))
    named = names_by_run([each.run.run for each in networks if each.run])
    path = write_study(results, record)
    paths = [*write(path.with_name(path.stem), fooling_matrix(record, named)), path]
    click.echo(record.model_dump_json() if as_json else fool_output.matrix(record, paths))
