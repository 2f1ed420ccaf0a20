"""What a fooling image is to reach, as a target that the attacks of this suite can climb on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.attacks.base import Target, Through
from bench.attacks.losses import Loss, Margin
from bench.datasets.base import Images, Labels


class Away(Through):
    """The network itself, which counts its passes: an image has reached the goal where its class is another than its label.

    Attributes:
        steps: the passes with a gradient since the start.
        ends: the passes without one.
    """

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.steps = self.ends = 0

    def labels(self, images: Images) -> Labels:
        """Return the class that each image has, which the search leaves."""
        return np.asarray(self.target.logits(images).argmax(axis=1), dtype=np.int64)

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits, as ``Target`` asks."""
        self.ends += 1
        return super().logits(images)

    def step(
        self, images: Images, labels: Labels, loss: Loss, others: Labels
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Images]:
        """Return logits, losses and gradients, as ``Target`` asks."""
        self.steps += 1
        return super().step(images, labels, loss, others)


class Towards(Away):
    """The network as one of two classes, "any other" and ``wanted``: an image has reached the goal where its class is wanted.

        z_0 = max_(i != c) z_i,  z_1 = z_c

    where c is ``wanted``. The margin of z_1 over z_0 is what a climb raises, and an attack that leaves class 0 reaches c.
    """

    def __init__(self, target: Target, wanted: int) -> None:
        super().__init__(target)
        self._wanted = wanted

    def labels(self, images: Images) -> Labels:
        """Return 0 for each image that is not of the wanted class."""
        return np.asarray(self.logits(images).argmax(axis=1), dtype=np.int64)

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the two logits of each image, (n, 2)."""
        return self._two(super().logits(images))

    def step(
        self, images: Images, labels: Labels, loss: Loss, others: Labels
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Images]:
        """Return the two logits, the margin z_1 - z_0 and its gradient, for labels that are all 0."""
        del labels, loss, others
        wanted = np.full(len(images), self._wanted, np.int64)
        logits, values, gradient = super().step(images, wanted, Margin(), wanted)
        return self._two(logits), -values, -gradient

    def _two(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        rest = np.delete(logits, self._wanted, axis=1).max(axis=1)
        return np.stack([rest, logits[:, self._wanted]], axis=1)
