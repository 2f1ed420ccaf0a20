"""The fast gradient sign method, the attack of the internship report (its section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.base import Images, Labels, View


@dataclass(frozen=True)
class Fgsm:
    """Move every pixel by eps in the direction that raises the loss, in one step.

    The attacked image is

        x' = clip(x + eps * sign(grad_x L(x, y)), 0, 255)

    where x is ``images`` in pixel levels, y is ``labels`` (the true ones), L is the cross-entropy on the logits and eps
    runs over ``eps``. The gradient is computed once and serves every radius. A pixel whose gradient is zero stays where
    it is. Departure from the source: the clipping to [0, 255], so that the result is an image.
    Source: Goodfellow et al. 2015, arXiv:1412.6572, section 4.
    """

    kind: ClassVar[str] = "fgsm"

    def __str__(self) -> str:
        return self.kind

    @property
    def threat(self) -> str:
        """What the attacker knows and does, in one phrase."""
        return "white box, one FGSM step on the cross-entropy, true labels, temperature 1"

    def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
        """Yield the attacked images for each radius, as ``Attack`` asks."""
        direction = np.sign(view.gradient(images, labels))
        for radius in eps:
            yield np.clip(images + np.float32(radius) * direction, 0, 255)
