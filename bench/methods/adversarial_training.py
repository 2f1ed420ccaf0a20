"""Adversarial training: each step trains on images that an attack has just moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from bench.datasets.base import Images, Labels
from bench.methods.base import Loss, Method, Sources
from bench.spec.run import Run


@dataclass(frozen=True)
class AdversarialTraining(Method):
    """Train on each batch as projected gradient descent moves it against the network of that moment.

        x_0 = P(x + u),   x_(k+1) = P(x_k + a * sign(grad L(x_k, y))),   train on x_n

    where x are the images of the batch in pixel levels, y the labels, n is ``steps``, L is the summed training loss, with
    the temperature where there is one, and P goes to the nearest point of both the ball of ``eps`` in L-infinity around x
    and [0, 255]. u is uniform in [-eps, eps] where ``random_start``, else 0. a is 1.25 eps for one step, else 2.5 eps / n.
    One step is FGSM. From the image it ends at distance eps, and at a large eps such a training can overfit to it.

    u depends on ``seed`` and the number of optimiser steps alone, so that a resumed training draws the same.

    Departures: the gradient is that of the network in inference, where the sources' is that of the network in training. So
    the statistics of batch norm, the state of dropout and the clock of pruning advance once a step. The random start is
    clipped to [0, 255]. The step of PGD is that of this suite's attack ``pgd``.
    Source: Wong et al. 2020, arXiv:2001.03994, algorithm 3, for one step; Madry et al. 2018, arXiv:1706.06083, section 2.1,
    for more. Pang et al. 2021, arXiv:2010.00467, compare the two modes of batch norm.
    """

    eps: float
    steps: int
    random_start: bool
    seed: int

    def inputs(self, model: Any, images: Any, labels: Any, loss: Loss, step: Any) -> Any:
        """Return the attacked ``images``, as ``Method`` asks."""
        weights = [(weight, weight.read_value()) for weight in model.trainable_variables]
        length = (1.25 if self.steps == 1 else 2.5 / self.steps) * self.eps

        def climb(moved: Any) -> tuple[Any]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(moved)
                losses = loss(labels, model(moved, training=False))
            return (self._project(moved + length * tf.sign(tape.gradient(losses, moved)), images),)

        start = (self._start(images, step),)
        (moved,) = tf.while_loop(lambda _: True, climb, start, maximum_iterations=self.steps)
        # A pruning wrapper zeroes the masked weights in every call. In training they grow until the mask is chosen anew.
        for weight, value in weights:
            weight.assign(value)
        return moved

    def measure(self, model: Any, images: Images, labels: Labels, loss: Loss) -> dict[str, float]:
        """Return the accuracy under the one step that is trained on and under ten, for ``bench/training/overfitting.py``."""
        if self.steps > 1:
            return {}
        ten = replace(self, steps=10)
        return {
            "accuracy_one_step": self._accuracy(model, images, labels, loss),
            "accuracy_ten_steps": ten._accuracy(model, images, labels, loss),
        }

    def _accuracy(self, model: Any, images: Images, labels: Labels, loss: Loss) -> float:
        moved = self.inputs(model, tf.constant(images), tf.constant(labels), loss, tf.constant(0, tf.int64))
        return float(np.mean(model(moved, training=False).numpy().argmax(axis=1) == labels))

    def _start(self, images: Any, step: Any) -> Any:
        if not self.random_start:
            return images
        key = tf.stack([tf.constant(self.seed, tf.int64), tf.cast(step, tf.int64)])
        change = tf.random.stateless_uniform(tf.shape(images), key, -self.eps, self.eps)
        return self._project(images + change, images)

    def _project(self, moved: Any, images: Any) -> Any:
        return tf.clip_by_value(tf.clip_by_value(moved, images - self.eps, images + self.eps), 0.0, 255.0)


def adversarial(run: Run, _steps: int, _sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    at_random = run.adversarial_start == "random"
    return AdversarialTraining(run.adversarial_eps, run.adversarial_steps, at_random, run.derived_seed("adversarial"))
