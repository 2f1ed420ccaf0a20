"""PGD-20 at twelve radii, this suite's against ART's, on the same network and images, in turn.

Prints the seconds of each, their ratio, and the accuracy at each radius. The suite drops an image once it is fooled and
carries it over to larger radii, so the ratio depends on how fast accuracy falls.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

from bench.training import runtime

runtime.prepare()

from art.attacks.evasion import ProjectedGradientDescentNumpy  # noqa: E402
from art.estimators.classification import TensorFlowV2Classifier  # noqa: E402

import bench  # noqa: E402
from bench.attacks.pgd import Pgd  # noqa: E402
from bench.datasets import DATASETS  # noqa: E402
from bench.evaluation.classifier import Classifier  # noqa: E402
from bench.methods.compose import methods_of  # noqa: E402
from bench.records.store import Folder  # noqa: E402
from bench.training.network import restore  # noqa: E402

EPS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
STEPS = 20


@click.command()
@click.option("--arch", default="resnet18", show_default=True)
@click.option("--dataset", default="synthetic", show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--image-size", default=32, show_default=True)
@click.option("--epochs", default=5, show_default=True)
@click.option("--images", default=100, show_default=True)
@click.option(
    "--results", type=click.Path(path_type=Path), help="where the run is, or goes  [default: a temporary folder]"
)
def main(
    arch: str, dataset: str, data_dir: Path | None, image_size: int, epochs: int, images: int, results: Path | None
) -> None:
    """Train a network, then attack it by both."""
    run = bench.Run.of(arch=arch, dataset=dataset, image_size=image_size, epochs=epochs)
    with tempfile.TemporaryDirectory() as place:
        where = results or Path(place)
        record = bench.train(run, results=where, data_dir=data_dir, quiet=True)
        weights = Folder(where, run).weights(record)
    data = DATASETS[dataset].load(image_size, data_dir, False, lambda _: None, lambda *_: None)
    model = restore(run, len(data.classes), weights, methods_of(run, run.steps(len(data.train))))
    chosen = np.random.default_rng(0).permutation(len(data.val))[:images]
    pixels, labels = data.val.images[chosen].astype(np.float32), data.val.labels[chosen]
    target = Classifier(model)
    list(Pgd(steps=1)(target, pixels, labels, [1.0], 0))  # compile
    ours, took = timed(lambda: list(Pgd(steps=STEPS)(target, pixels, labels, EPS, 0)))
    theirs, their_time = timed(lambda: by_art(model, pixels, labels))
    click.echo(
        f"{images} images, {len(EPS)} radii: {took:.1f} s against {their_time:.1f} s by ART, ratio {their_time / took:.1f}"
    )
    click.echo(f"gradients an image and radius: {target.gradients / images / len(EPS):.1f} of {STEPS}")
    for eps, one, other in zip(EPS, ours, theirs, strict=True):
        accuracies = [(target.logits(each).argmax(axis=1) == labels).mean() for each in (one, other)]
        click.echo(f"eps {eps:>6g}  accuracy {accuracies[0]:.3f}, by ART {accuracies[1]:.3f}")


def timed(work: Any) -> tuple[Any, float]:
    began = time.monotonic()
    found = work()
    return found, time.monotonic() - began


def by_art(model: Any, pixels: Any, labels: Any) -> list[Any]:
    import tensorflow as tf

    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    estimator = TensorFlowV2Classifier(
        model, int(labels.max()) + 1, pixels.shape[1:], loss_object=loss, clip_values=(0.0, 255.0)
    )
    found = []
    for eps in EPS:
        attack = ProjectedGradientDescentNumpy(
            estimator, eps=eps, eps_step=2.5 * eps / STEPS, max_iter=STEPS, batch_size=len(pixels), verbose=False
        )
        found.append(attack.generate(pixels, labels))
    return found


if __name__ == "__main__":
    main()
