"""The screen of an audit against the training of the network it audits, in turn.

Trains one epoch, audits, trains two epochs, and prints the screen's time as a share of ten: what one epoch takes, start and
evaluation included, and nine times what the second one adds. Weights do not change the time of an epoch; they do change that
of a screen, which drops the images that are fooled. So the audited network is a trained run, and the epochs are of a new one.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import click

from bench.training import runtime

runtime.prepare()

import bench  # noqa: E402
from bench.audit.battery import SCREEN  # noqa: E402
from bench.audit.collect import audited_images, collect  # noqa: E402
from bench.datasets import DATASETS  # noqa: E402
from bench.evaluation.classifier import Classifier  # noqa: E402
from bench.evaluation.restored import restored  # noqa: E402
from bench.records.store import Folder, folders  # noqa: E402
from bench.spec.architectures import architecture  # noqa: E402

EPOCHS = 10


@click.command()
@click.argument("run")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
def main(run: str, results: Path, data_dir: Path | None) -> None:
    """Measure on RUN, as resnet18-b128-imagenette64-de24c892/seed-0."""
    (folder,) = (each for each in folders(results) if isinstance(each, Folder) and each.run.key == run)
    data = DATASETS[folder.run.dataset].load(folder.run.image_size, data_dir, False, lambda _: None, lambda *_: None)
    model = restored(folder, folder.trained()).model
    network = Classifier(model, folder.run.temperature, lambda _: Classifier(model))  # a control would cost the same
    indices = audited_images(SCREEN, len(data.val))
    part = data.val.part(indices)
    eps = architecture(folder.run.arch).audit_eps
    first = trained(folder, 1, data_dir)
    began = time.monotonic()
    collect(SCREEN, network, part, indices, eps, len(data.classes), 0, lambda *_: None)
    screen = time.monotonic() - began
    second = trained(folder, 2, data_dir) - first
    training_time = first + (EPOCHS - 1) * second
    click.echo(f"first epoch {first:.1f} s, each other {second:.1f} s; screen {screen:.1f} s")
    click.echo(f"screen / {EPOCHS} epochs: {screen / training_time:.3f}")
    click.echo(f"screen, an image and radius: {screen / len(indices) / len(eps):.4f} s")


def trained(folder: Folder, epochs: int, data_dir: Path | None) -> float:
    """Return the seconds of ``epochs`` epochs of the run's recipe."""
    run = replace(folder.run, epochs=epochs, seed=9)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        bench.train(run, results=Path(place), data_dir=data_dir, quiet=True)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
