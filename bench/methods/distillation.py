"""Defensive distillation: a network learns the probabilities that a teacher gives at a high temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from bench.methods.base import Method, Sources
from bench.spec.run import Run


@dataclass(frozen=True)
class Distillation(Method):
    """Train on the teacher's probabilities at a temperature in place of the labels.

        p(x) = softmax(t(x) / T)

    where t(x) are the teacher's logits for the image as it is, in inference, and T is ``temperature``. The student's own
    logits are divided by the same T by the method ``Temperature``; its network is then used at T = 1.

    Departures: the source trains the teacher at T as well, which the name of the run decides here, and gives both the same
    architecture, which is not asked for.
    Source: Papernot et al. 2016, arXiv:1511.04508, section IV. Carlini & Wagner 2017, arXiv:1608.04644, break it.
    """

    temperature: float
    teacher: Any

    def targets(self, images: Any, labels: Any) -> Any:
        """Return the teacher's probabilities, float32 (n, classes)."""
        del labels
        return tf.nn.softmax(tf.stop_gradient(self.teacher(images, training=False)) / self.temperature)


def distillation(run: Run, _steps: int, sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    return Distillation(run.temperature, sources.network(run.distill_from)) if sources else Method()
