"""Times FGSM at 20 radii on 785 images: this suite, its floor (one gradient, 20 forward passes), ART and Foolbox."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import click
import numpy as np

from bench.training import runtime

runtime.prepare()

import eagerpy  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras as keras  # noqa: E402

from bench.attacks.fgsm import Fgsm  # noqa: E402
from bench.attacks.spec import AttackSpec  # noqa: E402
from bench.datasets.base import Split  # noqa: E402
from bench.evaluation.classifier import BATCH, Classifier  # noqa: E402
from bench.evaluation.referee import judge  # noqa: E402
from bench.spec.run import Run  # noqa: E402
from bench.training.network import build  # noqa: E402

EPS = tuple(float(eps) for eps in range(20))


@click.command()
@click.option("--arch", default="resnet18", show_default=True)
@click.option("--image-size", default=64, show_default=True)
@click.option("--images", default=785, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--library-rounds", default=1, show_default=True, help="rounds in which the two libraries run as well")
def main(arch: str, image_size: int, images: int, rounds: int, library_rounds: int) -> None:
    """Time each in turn and print medians and ratios."""
    model = build(Run.of(arch=arch, image_size=image_size), 10, "float32")
    draw = np.random.default_rng(0)
    levels = draw.integers(0, 256, (images, image_size, image_size, 3), dtype=np.uint8)
    data = Split(levels, draw.integers(0, 10, images), ("",) * images)
    floats = levels.astype(np.float32)
    rivals: dict[str, Callable[[], Any]] = {
        "this suite": lambda: judge(AttackSpec(Fgsm(), EPS), target, data, np.arange(images), 0, lambda *_: None),
        "floor": lambda: floor(model, floats, data.labels),
        "ART": lambda: by_art(model, floats, data.labels),
        "Foolbox": lambda: by_foolbox(model, floats, data.labels),
    }
    target = Classifier(model)
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for name in ("this suite", "floor"):
        rivals[name]()  # traces
    for number in range(rounds):
        for name, work in rivals.items():
            if name in ("this suite", "floor") or number < library_rounds:
                began = time.perf_counter()
                work()
                times[name].append(time.perf_counter() - began)
    for name, values in times.items():
        if values:
            ratio = statistics.median(values) / statistics.median(times["floor"])
            click.echo(f"{name}: median {statistics.median(values):.2f} s, {ratio:.3f} of the floor, n = {len(values)}")


def floor(model: Any, images: Any, labels: Any) -> None:
    """Compute one gradient and 20 forward passes with the compiled network, in the batches the suite uses."""
    ahead, back = COMPILED.setdefault(id(model), compiled(model))
    for start in range(0, len(images), BATCH):
        chunk, truth = tf.constant(images[start : start + BATCH]), tf.constant(labels[start : start + BATCH])
        back(chunk, truth)
        for _ in EPS:
            ahead(chunk)


COMPILED: dict[int, tuple[Any, Any]] = {}


def compiled(model: Any) -> tuple[Any, Any]:
    def back(images: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=False))
        return tape.gradient(loss, images)

    ahead = tf.function(lambda images: model(images, training=False), reduce_retracing=True)
    return ahead, tf.function(back, reduce_retracing=True)


def by_art(model: Any, images: Any, labels: Any) -> None:
    """Attack and classify at each radius with ART."""
    from art.attacks.evasion import FastGradientMethod
    from art.estimators.classification import TensorFlowV2Classifier

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier = TensorFlowV2Classifier(
        model=model, nb_classes=10, input_shape=images.shape[1:], loss_object=loss, clip_values=(0, 255)
    )
    for eps in EPS:
        attacked = images
        if eps:
            attacked = FastGradientMethod(classifier, eps=eps, batch_size=BATCH).generate(images, labels)
        classifier.predict(attacked, batch_size=BATCH).argmax(axis=1)


def by_foolbox(model: Any, images: Any, labels: Any) -> None:
    """Attack and classify at each radius with Foolbox."""
    from foolbox import TensorFlowModel
    from foolbox.attacks import LinfFastGradientAttack

    fooled = TensorFlowModel(model, bounds=(0, 255))
    for start in range(0, len(images), BATCH):
        chunk = eagerpy.astensor(tf.constant(images[start : start + BATCH]))
        truth = eagerpy.astensor(tf.constant(labels[start : start + BATCH]))
        LinfFastGradientAttack(random_start=False)(fooled, chunk, truth, epsilons=EPS)


if __name__ == "__main__":
    main()
