"""The fast gradient method: one step along the gradient itself, bounded in the L2 norm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.base import Target
from bench.attacks.gradient_attack import GradientAttack
from bench.attacks.norms import L2, Norm
from bench.datasets.base import Images, Labels


@dataclass(frozen=True)
class FgsmL2(GradientAttack):
    """Move the image by eps in the L2 norm, along the gradient of the loss, in one step.

        x' = clip(x + eps * g / |g|_2, 0, 255),  g = grad_x L(x, y)

    x are the images in pixel levels, y the true labels, and L is the loss of ``GradientAttack``. An image with gradient
    zero does not move.
    Departure from the source: the result is clipped to [0, 255], so that it is an image.
    Source: Miyato et al. 2016, arXiv:1507.00677, equation 5 (the L2 form of the method of Goodfellow et al. 2015).
    """

    kind: ClassVar[str] = "fgsm-l2"
    title: ClassVar[str] = "L2 FGSM"
    norm: ClassVar[Norm] = L2
    version: ClassVar[int] = 1
    one_step: ClassVar[bool] = True

    @property
    def moves(self) -> str:
        """A phrase for captions: the step."""
        return "one L2 FGSM step"

    def __call__(
        self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int
    ) -> Iterator[Images]:
        """Yield the attacked images for each radius, as ``Attack`` asks."""
        del seed
        gradient = target.gradient(images, labels, self.differentiated(target.temperature)).astype(np.float64)
        # Divided by its largest value first: the squares of a very small gradient would be zero.
        gradient /= np.maximum(np.abs(gradient).max(axis=(1, 2, 3), keepdims=True), np.finfo(np.float64).tiny)
        lengths = np.sqrt((gradient**2).sum(axis=(1, 2, 3), keepdims=True))
        direction = gradient / np.maximum(lengths, 1.0)
        for radius in eps:
            yield np.clip(images + radius * direction, 0, 255).astype(np.float32)
