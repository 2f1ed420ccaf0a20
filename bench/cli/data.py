"""The command ``bench data``: shows, checks and downloads images."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import numpy as np

from bench.cli.completion import one_of
from bench.cli.options import DATA_DIR, refuse_unused
from bench.datasets import DATASETS
from bench.datasets.base import Split
from bench.datasets.folder import or_skipped
from bench.datasets.imagenette import locate
from bench.datasets.imagenette_download import fetch as fetch_archive
from bench.datasets.imagenette_download import install
from bench.datasets.verify import verify as verify_folder
from bench.errors import BadInput
from bench.spec.limits import OneOf
from bench.training.progress import Progress

dataset_option = click.option(
    "--dataset",
    type=one_of(DATASETS),
    default="imagenette",
    show_default=True,
    help=f"data set: {', '.join(sorted(DATASETS))}",
)
size_option = click.option(
    "--image-size", type=click.IntRange(32, 512), default=64, show_default=True, help="side of the images in pixels"
)


@click.group()
def data() -> None:
    """Show, check and download images."""


@data.command()
@dataset_option
@DATA_DIR
@size_option
@click.option("--skip-broken", is_flag=True, help="leave broken images out")
def info(dataset: str, data_dir: Path | None, image_size: int, skip_broken: bool) -> None:
    """Print the classes, image counts and fingerprint of a data set."""
    OneOf("data set", DATASETS).check("data set", dataset)
    with Progress() as progress, or_skipped():
        found = DATASETS[dataset].load(image_size, data_dir, skip_broken, progress.say, progress.counter("images"))
    train, val = _by_class(found.train, found.classes), _by_class(found.val, found.classes)
    click.echo(f"{found.name}, {image_size} px, fingerprint {found.fingerprint}")
    click.echo(f"{'label':>5}  {'train':>6}  {'val':>6}  class")
    for label, name in enumerate(found.classes):
        click.echo(f"{label:>5}  {train[label]:>6,}  {val[label]:>6,}  {name}")
    click.echo(f"{'all':>5}  {len(found.train):>6,}  {len(found.val):>6,}")
    for line in found.skipped:
        click.echo(f"skipped  {line}")


@data.command()
@dataset_option
@DATA_DIR
def verify(dataset: str, data_dir: Path | None) -> None:
    """Check every image and list the broken and unusual ones.

    Exits with 1 if an image is broken.
    """
    if dataset not in ("imagenette", "folder"):
        raise BadInput(f"cannot verify the data set {dataset!r}: expected imagenette or folder, which consist of files")
    if dataset == "folder" and data_dir is None:
        raise BadInput("expected --data-dir DIR with train/CLASS/ and val/CLASS/ for the data set 'folder'")
    with Progress() as progress:
        root = data_dir if dataset == "folder" and data_dir else locate(64, data_dir, progress.say)
        problems = verify_folder(root, progress.counter("images"))
    for problem in problems:
        click.echo(str(problem))
    broken = sum(problem.severity == "broken" for problem in problems)
    click.echo(f"{broken:,} broken, {len(problems) - broken:,} remarks")
    sys.exit(1 if broken else 0)


@data.command()
@size_option
@click.option("--archive", type=click.Path(path_type=Path), help="install this copied archive, and download nothing")
def fetch(image_size: int, archive: Path | None) -> None:
    """Download Imagenette into the cache.

    Downloads the smallest archive whose images have at least the size asked for, and checks its sha256.
    """
    if archive:
        refuse_unused(["image_size"], "with --archive")
    with Progress() as progress:
        counter = progress.counter("bytes")
        click.echo(install(archive, progress.say) if archive else fetch_archive(image_size, progress.say, counter))


def _by_class(split: Split, classes: tuple[str, ...]) -> list[int]:
    return [int(count) for count in np.bincount(split.labels, minlength=len(classes))]
