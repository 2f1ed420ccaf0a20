"""APGD: projected gradient steps with momentum, whose length adapts to each image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.adapted import DRAWS, GRADIENTS, followed
from bench.attacks.ball import Radii, project, random_point, steepest
from bench.attacks.base import Target
from bench.attacks.gradient_search import GradientSearch
from bench.attacks.losses import Loss, TargetedMargin
from bench.attacks.norms import L2, LINF, Norm
from bench.attacks.search import Attempt, Found, Survivors, in_turn, rows_of
from bench.datasets.base import Images, Labels
from bench.errors import unknown

MOMENTUM = 0.75
RISING = 0.75
STARTS = ("image", "random")


@dataclass(frozen=True)
class Apgd(GradientSearch):
    """Climb the loss as ``ascend`` does, ``restarts`` times: the first from ``start``, the others from random points.

    Args:
        steps: of each climb; each costs one gradient.
        restarts: how many climbs.
        start: where the first climb starts: at the "image" itself, or at a "random" point of the ball.
        targets: 0, or the largest number of classes to go for in turn, the likeliest first, each with a climb of its own on the
            targeted logit margin. ``loss`` is then not used.
        gradient: what it follows: the network's "own" gradient, one "averaged" over noisy copies of the image, or that of the
            "control" (``adapted.py``). The last two are for networks whose own gradient misleads.

    Source: Croce & Hein 2020, arXiv:2003.01690. Departures: an image is dropped once it is fooled; the first climb starts at
    the image (AutoAttack: at a random point); random points are uniform in the ball (AutoAttack: on its surface);
    ``targets`` takes the logit margin (AutoAttack: the targeted DLR).
    """

    kind: ClassVar[str] = "apgd"
    title: ClassVar[str] = "APGD"
    norm: ClassVar[Norm] = LINF
    version: ClassVar[int] = 1

    steps: float = 50
    restarts: float = 1
    targets: float = 0
    start: str = "image"
    gradient: str = "own"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start not in STARTS:
            raise unknown(f"start of {self.kind}", str(self.start), STARTS)
        if self.gradient not in GRADIENTS:
            raise unknown(f"gradient of {self.kind}", str(self.gradient), GRADIENTS)

    @property
    def sources(self) -> tuple[str, ...]:
        """The control, where it gives the gradient."""
        return ("",) if self.gradient == "control" else ()

    @property
    def passes(self) -> tuple[int, int]:
        """A gradient for each step of each climb, or one for each noisy copy and one for the image."""
        climbs = self.restarts * max(1, self.targets)
        return int(self.steps * climbs) * (1 + DRAWS if self.gradient == "averaged" else 1), 1

    @property
    def moves(self) -> str:
        """What the attack does to an image, in a phrase."""
        towards = f", towards {self.targets:g} classes in turn," if self.targets else ""
        times = f" from {self.restarts:g} starts" if self.restarts > 1 else ""
        first = " from a random start" * (self.start == "random")
        along = "" if self.gradient == "own" else f" along the {GRADIENTS[self.gradient]}"
        return f"{self.steps:g} APGD steps{times}{first}{towards}{along}"

    def search(self, target: Target, images: Images, labels: Labels, eps: Radii, draw: np.random.Generator) -> Found:
        """Return the best image found in each ball, as ``Search`` asks."""
        target = followed(self.gradient, target, draw)
        loss = TargetedMargin() if self.targets else self.differentiated(target.temperature)

        def climb(restart: int, place: int) -> Attempt:
            def attempt(images: Images, labels: Labels, eps: Radii) -> Found:
                at_image = restart == 0 and self.start == "image"
                start = images if at_image else random_point(self.norm, images, eps, draw)
                others = likeliest(target, images, labels)[:, place] if self.targets else None
                return ascend(target, images, labels, eps, self.norm, loss, int(self.steps), start, others)

            return attempt

        classes = target.logits(images[:1]).shape[1]
        places = range(max(1, min(int(self.targets), classes - 1)))
        return in_turn(
            images, labels, eps, [climb(each, place) for each in range(int(self.restarts)) for place in places]
        )


@dataclass(frozen=True)
class ApgdL2(Apgd):
    """``Apgd`` in the L2 norm: steps along the gradient over its length."""

    kind: ClassVar[str] = "apgd-l2"
    title: ClassVar[str] = "L2 APGD"
    norm: ClassVar[Norm] = L2


def likeliest(target: Target, images: Images, labels: Labels) -> Labels:
    """Return the classes other than the true one, the largest logit first, shape (n, classes - 1)."""
    logits = target.logits(images)
    order = np.argsort(-logits, axis=1, kind="stable")
    return np.asarray(order[order != labels[:, None]].reshape(len(images), -1), dtype=np.int64)


def checkpoints(steps: int) -> set[int]:
    """Return the steps after which APGD may halve its step, w_j = ceil(p_j * steps).

        p_0 = 0,  p_1 = 0.22,  p_(j+1) = p_j + max(p_j - p_(j-1) - 0.03, 0.06)

    Source: Croce & Hein 2020, arXiv:2003.01690, section 3.
    """
    fractions = [0.0, 0.22]
    while fractions[-1] < 1:
        fractions.append(fractions[-1] + max(fractions[-1] - fractions[-2] - 0.03, 0.06))
    return {min(steps, int(np.ceil(each * steps))) for each in fractions[1:]}


def ascend(
    target: Target,
    images: Images,
    labels: Labels,
    eps: Radii,
    norm: Norm,
    loss: Loss,
    steps: int,
    start: Images,
    others: Labels | None = None,
    stop: bool = True,
) -> Found:
    """Climb the loss inside each ball from ``start``; return the first incorrect image, or else that of the highest loss.

        z = P(x_k + a s(grad L(x_k)))
        x_(k+1) = P(x_k + 0.75 (z - x_k) + 0.25 (x_k - x_(k-1)))

    where P goes to ball and box, s is the steepest direction of the norm, and a starts at 2 eps. At each of
    ``checkpoints`` a is halved, and the climb goes on from the best image so far, where the loss rose in fewer than three
    quarters of the steps since the last one, or where neither a nor the best loss changed since.

    Args:
        others: int64, (n,): the class to go for, with a targeted loss.
        stop: whether an image is dropped once it is incorrect. Else all climb to the end, and the image of the highest loss
            is returned, for one more gradient.

    Source: Croce & Hein 2020, arXiv:2003.01690, algorithm 1. Departures: the first evaluation counts as a rise, so that the
    first checkpoint halves one rise later. The last point is tested for its class, and for its loss only without ``stop``.
    """
    count = len(images)
    survivors = Survivors(images)
    others = labels if others is None else others
    now, before = start, start
    length = 2 * eps
    best, slope, value = start.copy(), np.zeros_like(start), np.full(count, -np.inf, np.float32)
    last, at_end = value.copy(), value.copy()
    rises, halved = np.zeros(count, int), np.ones(count, bool)
    ends, last_end = checkpoints(steps), 0
    for step in range(steps):
        logits, values, gradient = target.step(now, labels, loss, others)
        left = survivors.drop(now, (logits.argmax(axis=1) != labels) & stop)
        if not left.all():
            images, labels, others, eps, now, before, length = rows_of(
                left, images, labels, others, eps, now, before, length
            )
            best, slope, value, last, at_end, rises, halved = rows_of(
                left, best, slope, value, last, at_end, rises, halved
            )
            values, gradient = values[left], gradient[left]
        if not len(images):
            return survivors.found(best)
        rises += values > last
        higher = values > value
        best[higher], slope[higher], value[higher] = now[higher], gradient[higher], values[higher]
        last = values
        if step in ends:
            halve = (rises < RISING * (step - last_end)) | (~halved & (value <= at_end))
            length = np.where(halve, length / 2, length)
            now, gradient = now.copy(), gradient.copy()
            now[halve], gradient[halve], last[halve] = best[halve], slope[halve], value[halve]
            halved, at_end, last_end = halve, value.copy(), step
            rises[:] = 0
        reach = length.reshape(-1, 1, 1, 1)
        ahead = project(norm, now + reach * steepest(norm, gradient), images, eps)
        if step:
            ahead = project(norm, now + MOMENTUM * (ahead - now) + (1 - MOMENTUM) * (now - before), images, eps)
        before, now = now, ahead
    if not stop:
        higher = target.step(now, labels, loss, others)[1] > value
        best[higher] = now[higher]
        return Found(best, target.logits(best).argmax(axis=1) != labels)
    left = survivors.drop(now, target.logits(now).argmax(axis=1) != labels)
    return survivors.found(best[left])
