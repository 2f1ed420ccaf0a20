"""FMN: the smallest eps that fools the network, image by image, and with it the whole curve of accuracy against eps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.attacks.ball import project, steepest
from bench.attacks.base import Target, Threat
from bench.attacks.gradient_search import COUNTS
from bench.attacks.losses import Margin
from bench.attacks.minimum_norm import MinimumNorm, Nearest
from bench.attacks.norms import L2, LINF, Norm
from bench.datasets.base import Images, Labels

FIRST, LAST = 0.05, 0.001  # how much the ball grows or shrinks at a step, at the start and at the end
FAR, NEAR = 0.2, 0.002  # length of a step, in parts of the ball's radius at the first step and at the last


@dataclass(frozen=True)
class Fmn(MinimumNorm):
    """Follow the margin along a ball that shrinks where the network is fooled and grows where it is not.

        eps_(k+1) = min(eps_k, |d_k|, |d*|) (1 - gamma_k)  where fooled,  eps_k (1 + gamma_k)  elsewhere
        d_(k+1) = P(d_k + a_k eps_(k+1) s(grad margin(x + d_k)))

    where d* is the smallest change found so far, P goes to the ball of eps_(k+1) and the box, s is the steepest direction, and
    gamma and a fall as half a cosine. Until an image is fooled once, eps_k is the first-order estimate
    |d_k| + |margin| / |grad|_dual.

    Departures: a step is a part of the present radius, and in L-infinity it is along the signs (there: of an absolute length,
    along the gradient over its Euclidean length); where fooled, |d_k| counts too; the first-order estimate grows by
    1 + gamma_k as well.
    Source: Pintor et al. 2021, arXiv:2102.12827, algorithm 1.
    """

    kind: ClassVar[str] = "fmn"
    norm: ClassVar[Norm] = LINF
    version: ClassVar[int] = 1

    steps: float = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", COUNTS["steps"].integer(f"steps of {self.kind}", self.steps))

    @property
    def passes(self) -> tuple[int, int]:
        """A gradient for each step."""
        return int(self.steps), 1

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""
        del trained_temperature
        box = f"white box, true labels, {self.steps} FMN steps on the logit margin, which no temperature changes"
        return Threat("FMN", box, None)

    def nearest(self, target: Target, images: Images, labels: Labels, seed: int) -> Nearest:
        """Return the nearest incorrect image found for each image, as ``MinimumNorm`` asks."""
        del seed
        steps = int(self.steps)
        best, distance = images.copy(), np.full(len(images), np.inf)
        now, eps = images, np.full(len(images), np.inf)
        ever = np.zeros(len(images), bool)
        for step in range(steps):
            logits, values, gradient = target.step(now, labels, Margin(), labels)
            wrong = logits.argmax(axis=1) != labels
            length = self.norm.distance(now - images)
            nearer = wrong & (length < distance)
            best[nearer], distance[nearer] = now[nearer], length[nearer]
            ever |= wrong
            wave = (1 + np.cos(np.pi * step / steps)) / 2
            gamma = LAST + (FIRST - LAST) * wave
            estimate = length + np.abs(values) / np.maximum(self._dual(gradient), 1e-12)
            grown = np.where(ever, eps, estimate) * (1 + gamma)
            eps = np.where(wrong, np.minimum(np.minimum(eps, length), distance) * (1 - gamma), grown)
            eps = np.minimum(eps, self.norm.largest).astype(np.float64)
            reach = (NEAR + (FAR - NEAR) * wave) * np.maximum(eps, 1e-3)
            ahead = now + (reach.reshape(-1, 1, 1, 1) * steepest(self.norm, gradient)).astype(np.float32)
            now = project(self.norm, ahead, images, eps.astype(np.float32))
        wrong = target.logits(now).argmax(axis=1) != labels
        length = self.norm.distance(now - images)
        nearer = wrong & (length < distance)
        best[nearer], distance[nearer] = now[nearer], length[nearer]
        return Nearest(best, distance)

    def _dual(self, gradient: Images) -> NDArray[np.float64]:
        wide = gradient.astype(np.float64)
        if self.norm == LINF:
            return np.asarray(np.abs(wide).sum(axis=(1, 2, 3)))
        return np.asarray(np.sqrt((wide**2).sum(axis=(1, 2, 3))))


@dataclass(frozen=True)
class FmnL2(Fmn):
    """``Fmn`` in the L2 norm."""

    kind: ClassVar[str] = "fmn-l2"
    norm: ClassVar[Norm] = L2
