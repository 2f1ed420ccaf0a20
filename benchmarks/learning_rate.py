"""Accuracy on held-out training images by peak learning rate. The rates of a grid were chosen by it.

A tenth of the training images is set aside by a draw, the network is trained on the rest at each rate as ``bench run`` would
train it, and the last epoch is measured on what was set aside. The validation images are not touched.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from bench.training import runtime

runtime.prepare()

from bench.datasets import DATASETS  # noqa: E402
from bench.datasets.base import Dataset  # noqa: E402
from bench.evaluation.classifier import Classifier  # noqa: E402
from bench.evaluation.referee import accuracy  # noqa: E402
from bench.records.store import Folder  # noqa: E402
from bench.spec.run import Run  # noqa: E402
from bench.training import loop  # noqa: E402
from bench.training.interruption import Stop  # noqa: E402
from bench.training.progress import Progress  # noqa: E402

HELD_OUT = 0.1024  # 969 of Imagenette's 9,469


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
@click.option("--arch", default="resnet18", show_default=True)
@click.option("--batch-size", default=128, show_default=True)
@click.option("--epochs", default=5, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--rates", default="0.05,0.1,0.2", show_default=True)
def main(data_dir: Path, arch: str, batch_size: int, epochs: int, seed: int, rates: str) -> None:
    """Print a line a rate."""
    run = Run.of(arch=arch, batch_size=batch_size, epochs=epochs, seed=seed)
    data = held_out(DATASETS[run.dataset].load(run.image_size, data_dir, False, click.echo, lambda *_: None))
    for rate in map(float, rates.split(",")):
        found = accuracy_at(replace(run, learning_rate=rate), data)
        click.echo(f"{arch}, batch {batch_size}, epochs {epochs}, seed {seed}, rate {rate:g}: {found:.4f}")


def held_out(data: Dataset) -> Dataset:
    """Return ``data`` with a part of its training images in place of its validation images."""
    order = np.random.default_rng(0).permutation(len(data.train))
    count = round(HELD_OUT * len(order))
    kept, aside = order[:-count], order[-count:]
    return replace(data, train=data.train.part(kept), val=data.train.part(aside))


def accuracy_at(run: Run, data: Dataset) -> float:
    """Return the held-out accuracy after the last epoch; not a number where the training diverged."""
    with tempfile.TemporaryDirectory() as place:
        try:
            model, _ = loop.train(run, data, Folder(Path(place), run), (), Progress(), Stop())
        except loop.Diverged:
            return float("nan")
    return accuracy(Classifier(model), data.val)


if __name__ == "__main__":
    main()
