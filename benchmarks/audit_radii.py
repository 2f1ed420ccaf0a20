"""What the worst attack leaves of a dense network's accuracy by radius, on held-out training images.

The radii of an audit were chosen by it: those where about a half and a fifth of the clean accuracy are left. The network is
trained on nine tenths of the training images and attacked on 256 of the others; the validation images are not touched.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np
from held_out import held_out

from bench.attacks.apgd import Apgd
from bench.datasets import DATASETS
from bench.evaluation.classifier import Classifier
from bench.records.store import Folder
from bench.spec.run import Run
from bench.training import loop
from bench.training.interruption import Stop
from bench.training.progress import Progress

RADII = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)
IMAGES = 256


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
@click.option("--arch", default="resnet18", show_default=True)
@click.option("--epochs", default=10, show_default=True)
def main(data_dir: Path, arch: str, epochs: int) -> None:
    """Print a line a radius."""
    run = Run.of(arch=arch, epochs=epochs)
    data = held_out(DATASETS[run.dataset].load(run.image_size, data_dir, False, click.echo, lambda *_: None))
    with tempfile.TemporaryDirectory() as place:
        model, _ = loop.train(run, data, Folder(Path(place), run), (), Progress(), Stop())
    network = Classifier(model)
    images, labels = data.val.images[:IMAGES].astype(np.float32), data.val.labels[:IMAGES]
    clean = network.logits(images).argmax(axis=1) == labels
    left = np.broadcast_to(clean, (len(RADII), len(labels))).copy()
    for loss in ("margin", "unit-gap"):
        attack = Apgd(loss=loss, steps=20)
        for place_, moved in enumerate(attack(network, images, labels, RADII, 0)):
            left[place_] &= network.logits(moved).argmax(axis=1) == labels
    left = ~np.logical_or.accumulate(~left, axis=0)
    click.echo(f"{arch}, batch {run.batch_size}, {epochs} epochs: clean {clean.mean():.3f}")
    for radius, kept in zip(RADII, left, strict=True):
        click.echo(f"eps {radius:<5g} left {kept.mean():.3f}, {kept.sum() / clean.sum():.2f} of clean")


if __name__ == "__main__":
    main()
