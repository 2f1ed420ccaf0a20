"""Projected gradient descent: steps of one length along the gradient, back into the ball after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.ball import Radii, project, random_point, steepest
from bench.attacks.base import Target
from bench.attacks.gradient_search import GradientSearch
from bench.attacks.losses import Loss
from bench.attacks.norms import LINF, Norm
from bench.attacks.search import Found, Survivors, in_turn, rows_of
from bench.datasets.base import Images, Labels


@dataclass(frozen=True)
class Pgd(GradientSearch):
    """Climb the loss in ``steps`` steps of 2.5 eps / ``steps``, ``restarts`` times.

        x_0 = x,   x_(k+1) = P(x_k + 2.5 eps / n * sign(grad L(x_k, y)))

    where x is ``images`` in pixel levels, y is ``labels`` (the true ones), n is ``steps``, P goes to the nearest point of
    ball and box, and L is as in ``GradientAttack``. The first climb starts at the image, every other at a random point.
    Departures: the first climb has no random start; an image is dropped once it is fooled, at any step.
    Source: Madry et al. 2018, arXiv:1706.06083, section 2.1. The step length is this suite's: it reaches the edge of the
    ball from anywhere in it.
    """

    kind: ClassVar[str] = "pgd"
    title: ClassVar[str] = "PGD"
    norm: ClassVar[Norm] = LINF
    version: ClassVar[int] = 2

    steps: float = 20
    restarts: float = 1

    @property
    def passes(self) -> tuple[int, int]:
        """A gradient for each step of each climb."""
        return int(self.steps * self.restarts), 1

    @property
    def moves(self) -> str:
        """What the attack does to an image, in a phrase."""
        times = f" from {self.restarts:g} starts" if self.restarts > 1 else ""
        return f"{self.steps:g} PGD steps{times}"

    def search(self, target: Target, images: Images, labels: Labels, eps: Radii, draw: np.random.Generator) -> Found:
        """Return the best image found in each ball, as ``Search`` asks."""
        loss = self.differentiated(target.temperature)

        def climb(images: Images, labels: Labels, eps: Radii) -> Found:
            return _climb(target, images, labels, eps, self.norm, loss, int(self.steps), images)

        def climb_again(images: Images, labels: Labels, eps: Radii) -> Found:
            start = random_point(self.norm, images, eps, draw)
            return _climb(target, images, labels, eps, self.norm, loss, int(self.steps), start)

        return in_turn(images, labels, eps, [climb, *[climb_again] * (int(self.restarts) - 1)])


def _climb(
    target: Target, images: Images, labels: Labels, eps: Radii, norm: Norm, loss: Loss, steps: int, now: Images
) -> Found:
    survivors = Survivors(images)
    length = np.asarray(2.5 * eps / steps, dtype=np.float32).reshape(-1, 1, 1, 1)
    for _ in range(steps):
        logits, _, gradient = target.step(now, labels, loss, labels)
        left = survivors.drop(now, logits.argmax(axis=1) != labels)
        if not left.any():
            return survivors.found(now[left])
        if not left.all():
            images, labels, eps, now, length = rows_of(left, images, labels, eps, now, length)
            gradient = gradient[left]
        now = project(norm, now + length * steepest(norm, gradient), images, eps)
    left = survivors.drop(now, target.logits(now).argmax(axis=1) != labels)
    return survivors.found(now[left])
