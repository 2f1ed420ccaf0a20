"""The fast gradient sign method, the attack of the internship report (section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.base import Target
from bench.attacks.gradient_attack import GradientAttack
from bench.attacks.norms import LINF, Norm
from bench.datasets.base import Images, Labels


@dataclass(frozen=True)
class Fgsm(GradientAttack):
    """Move every pixel by eps in the direction that raises the loss, in one step.

        x' = clip(x + eps * sign(grad_x L(x, y)), 0, 255)

    x are the images in pixel levels, y the true labels, and L is the loss of ``GradientAttack``. One gradient serves
    every radius. A pixel with gradient zero does not move.
    Departure from the source: the result is clipped to [0, 255], so that it is an image.
    Source: Goodfellow et al. 2015, arXiv:1412.6572, section 4.
    """

    kind: ClassVar[str] = "fgsm"
    title: ClassVar[str] = "FGSM"
    norm: ClassVar[Norm] = LINF
    version: ClassVar[int] = 1
    one_step: ClassVar[bool] = True

    @property
    def moves(self) -> str:
        """A phrase for captions: the step."""
        return "one FGSM step"

    def __call__(
        self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int
    ) -> Iterator[Images]:
        """Yield the attacked images for each radius, as ``Attack`` asks."""
        del seed
        direction = np.sign(target.gradient(images, labels, self.differentiated(target.temperature)))
        for radius in eps:
            yield np.clip(images + np.float32(radius) * direction, 0, 255)
