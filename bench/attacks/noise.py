"""Random noise of the attack's norm: what no gradient is needed for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.ball import Radii, project, random_point
from bench.attacks.base import Target, Threat
from bench.attacks.norms import LINF, Norm
from bench.attacks.search import Found, Search, Survivors
from bench.datasets.base import Images, Labels
from bench.errors import unknown
from bench.spec.limits import Range

KINDS = ("sign", "uniform")
DRAWS = Range("draws", 1, 100_000, whole=True)


@dataclass(frozen=True)
class Noise(Search):
    """Add noise ``draws`` times, until the network is wrong: a corner of the cube ("sign"), or a uniform point of the ball.

    Noise is no attack: a network that falls to it where an attack failed has a masked gradient.
    Source: Carlini et al. 2019, arXiv:1902.06705, section 5.3.
    """

    kind: ClassVar[str] = "noise"
    norm: ClassVar[Norm] = LINF
    version: ClassVar[int] = 1

    draws: float = 20
    shape: str = "sign"

    def __post_init__(self) -> None:
        if self.shape not in KINDS:
            raise unknown("shape of noise", str(self.shape), KINDS)
        object.__setattr__(self, "draws", DRAWS.integer("draws of noise", self.draws))

    @property
    def passes(self) -> tuple[int, int]:
        """No gradient, and a query for each draw."""
        return 0, int(self.draws)

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""
        del trained_temperature
        return Threat("noise", f"black box, true labels, {self.draws} draws of {self.shape} noise", None)

    def search(self, target: Target, images: Images, labels: Labels, eps: Radii, draw: np.random.Generator) -> Found:
        """Return the noisy images, as ``Search`` asks."""
        survivors = Survivors(images)
        now = images
        for _ in range(int(self.draws)):
            now = self._noisy(images, eps, draw)
            left = survivors.drop(now, target.logits(now).argmax(axis=1) != labels)
            images, labels, eps, now = images[left], labels[left], eps[left], now[left]
            if not len(images):
                break
        return survivors.found(now)

    def _noisy(self, images: Images, eps: Radii, draw: np.random.Generator) -> Images:
        if self.shape == "uniform":
            return random_point(self.norm, images, eps, draw)
        signs = draw.integers(0, 2, images.shape, dtype=np.int8).astype(np.float32) * 2 - 1
        return project(self.norm, images + eps.reshape(-1, 1, 1, 1) * signs, images, eps)
