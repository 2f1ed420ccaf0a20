"""Accuracy on held-out training images by the strength of one setting. The rates of a grid and the strengths of a method were
chosen by it.

A tenth of the training images is set aside by a draw, the network is trained on the rest at each value as ``bench run`` would
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
from bench.errors import BenchError  # noqa: E402
from bench.records.store import Folder  # noqa: E402
from bench.runs.stages import train  # noqa: E402
from bench.spec.run import Run  # noqa: E402
from bench.training.progress import Progress  # noqa: E402

HELD_OUT = 0.1024  # 969 of Imagenette's 9,469


@click.command()
@click.argument("setting")
@click.argument("values")
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
@click.option("--with", "fixed", multiple=True, help="another setting of every run, as batch_size=512; may be repeated")
@click.option("--arch", default="resnet18", show_default=True)
@click.option("--epochs", default=5, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(setting: str, values: str, data_dir: Path, fixed: tuple[str, ...], arch: str, epochs: int, seed: int) -> None:
    """Print a line for each of VALUES, as 0.05,0.1,0.2, of SETTING, as learning_rate."""
    run = Run.of(arch=arch, epochs=epochs, seed=seed)
    data = held_out(DATASETS[run.dataset].load(run.image_size, data_dir, False, click.echo, lambda *_: None))
    for value in values.split(","):
        pairs = [*fixed, f"{setting}={value.strip()}"]
        words = ", ".join(pair.replace("=", " ", 1) for pair in pairs)
        # Of two values of one setting the last one counts.
        found = trained(Run.parse(" ".join([str(run), *pairs])), data)
        click.echo(f"{arch}, epochs {epochs}, seed {seed}, {words}: {found}")


def held_out(data: Dataset) -> Dataset:
    """Return ``data`` with a part of its training images in place of its validation images."""
    order = np.random.default_rng(0).permutation(len(data.train))
    count = round(HELD_OUT * len(order))
    kept, aside = order[:-count], order[-count:]
    return replace(data, train=data.train.part(kept), val=data.train.part(aside))


def trained(run: Run, data: Dataset) -> str:
    """Train ``run``, and return what was measured in a few words, or why nothing could be."""
    with tempfile.TemporaryDirectory() as place:
        try:
            record = train(Folder(Path(place), run), data, Progress())
        except BenchError as error:
            return str(error)
    if record.diverged:
        return "diverged"
    found = record.measured
    return f"accuracy {found.accuracy:.4f}, sparsity {found.sparsity:.3f}"


if __name__ == "__main__":
    main()
