"""A numpy target that counts as a network does, and its audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from targets import Linear

from bench.audit.battery import SCREEN
from bench.audit.collect import collect
from bench.audit.evidence import Evidence
from bench.datasets.base import Split
from bench.evaluation.base import Network


@dataclass
class Counting:
    """A target that counts its gradients and queries. ``wrong`` turns its gradients into others; ``source`` is its control."""

    inner: Linear
    wrong: Any = None
    source: Any = None
    model: Any = None
    temperature: float = 1.0
    zero_images: float = 0.0
    zero_pixels: float = 0.0
    broken: int = 0
    gradients: int = 0
    queries: int = 0

    def other(self, name: str) -> Any:
        assert name == "", name
        return self.source

    def forget(self) -> None:
        self.gradients = self.queries = 0

    def logits(self, images: Any) -> Any:
        self.queries += len(images)
        return self.inner.logits(images)

    def gradient(self, images: Any, labels: Any, loss: Any) -> Any:
        return self.step(images, labels, loss, labels)[2]

    def step(self, images: Any, labels: Any, loss: Any, others: Any) -> Any:
        self.gradients += len(images)
        logits, values, gradient = self.inner.step(images, labels, loss, others)
        return logits, values, self.wrong(gradient) if self.wrong else gradient


def audit(target: Network, images: Split, eps: tuple[float, ...], battery: Any = SCREEN) -> Evidence:
    battery = battery.alone
    return collect(battery, target, images, np.arange(len(images)), eps, 4, 0, lambda *_: None)
