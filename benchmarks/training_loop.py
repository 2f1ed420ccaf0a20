"""Images a second of this suite's training loop against plain ``model.fit`` of the same unpruned network and arrays."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from bench.training import runtime

runtime.prepare()

import tf_keras as keras  # noqa: E402

from bench.datasets.base import Split  # noqa: E402
from bench.records.store import Folder  # noqa: E402
from bench.spec.run import Run  # noqa: E402
from bench.training.interruption import Stop  # noqa: E402
from bench.training.loop import Loop  # noqa: E402
from bench.training.network import build  # noqa: E402
from bench.training.progress import Progress  # noqa: E402
from bench.training.resume import TrainingStates  # noqa: E402
from bench.training.train_state import TrainState  # noqa: E402


@click.command()
@click.option("--arch", default="resnet18", show_default=True)
@click.option("--image-size", default=64, show_default=True)
@click.option("--images", default=1280, show_default=True, help="training images an epoch")
@click.option("--rounds", default=5, show_default=True, help="epochs of each, in turn, after one to warm up")
def main(arch: str, image_size: int, images: int, rounds: int) -> None:
    """Measure both in turn and print the ratio of the median rates."""
    run = Run.of(arch=arch, image_size=image_size, epochs=10_000, warmup=0.0, learning_rate=1e-3)
    draw = np.random.default_rng(0)
    levels = draw.integers(0, 256, (images, image_size, image_size, 3), dtype=np.uint8)
    data = Split(levels, draw.integers(0, 10, images), ("",) * images)
    with tempfile.TemporaryDirectory() as place:
        ours = our_epoch(run, data, Folder(Path(place), run))
        theirs = fit_epoch(run, data)
        rates = {"this loop": [], "model.fit": []}  # type: dict[str, list[float]]
        for number in range(rounds + 1):
            for name, epoch in (("this loop", ours), ("model.fit", theirs)):
                began = time.perf_counter()
                epoch()
                if number:
                    rates[name].append(images / (time.perf_counter() - began))
    for name, values in rates.items():
        click.echo(f"{name}: median {statistics.median(values):.1f} images/s, {min(values):.1f} to {max(values):.1f}")
    pairs = [a / b for a, b in zip(*rates.values(), strict=True)]
    click.echo(f"ratio, pair by pair: median {statistics.median(pairs):.3f}, {min(pairs):.3f} to {max(pairs):.3f}")


def our_epoch(run: Run, data: Split, folder: Folder):  # type: ignore[no-untyped-def]
    """Return a function that trains one epoch as ``bench run`` does, augmentation, progress and checkpoint included."""
    train_state = TrainState.fresh(run, 10, len(data), ())
    progress = Progress(quiet=True)
    loop = Loop(train_state, TrainingStates(folder, {}, None, (), progress), progress, Stop())
    return lambda: loop.epoch(data)


def fit_epoch(run: Run, data: Split):  # type: ignore[no-untyped-def]
    """Return a function that trains one epoch by ``model.fit``: no augmentation, no checkpoint."""
    model = build(run, 10, run.precision)
    optimizer = keras.optimizers.SGD(run.learning_rate, momentum=run.momentum, nesterov=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return lambda: model.fit(data.images, data.labels, batch_size=run.batch_size, epochs=1, verbose=0)


if __name__ == "__main__":
    main()
