"""The fast gradient sign method, the attack of the internship report (its section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.base import Images, Labels, View
from bench.attacks.knowledge import Knowing


@dataclass(frozen=True)
class Fgsm(Knowing):
    """Move every pixel by eps in the direction that raises the loss, in one step.

    The attacked image is

        x' = clip(x + eps * sign(grad_x L(x, y)), 0, 255)

    where x is ``images`` in pixel levels, y is ``labels`` (the true ones) and eps runs over ``eps``; L, by ``loss`` and
    ``knowledge``, is as in ``Knowing``. The gradient is computed once and serves every radius. A pixel whose gradient is
    zero stays where it is. Departure from the source: the clipping to [0, 255], so that the result is an image.
    Source: Goodfellow et al. 2015, arXiv:1412.6572, section 4; the two attackers are those of the report's figure 13.
    """

    kind: ClassVar[str] = "fgsm"
    title: ClassVar[str] = "FGSM"

    def moves(self) -> str:
        """Return in a phrase what the attack does to an image."""
        return "one FGSM step"

    def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
        """Yield the attacked images for each radius, as ``Attack`` asks."""
        direction = np.sign(view.gradient(images, labels, self.differentiated(view.temperature)))
        for radius in eps:
            yield np.clip(images + np.float32(radius) * direction, 0, 255)
