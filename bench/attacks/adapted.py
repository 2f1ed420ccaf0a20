"""What an adapted attacker follows where a network's own gradient misleads: an average of it, or the control's gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.attacks.base import Target, Through
from bench.attacks.losses import Loss
from bench.datasets.base import Images, Labels

DRAWS = 16
SPREAD = 2.0  # pixel levels
# What an attack can follow, and its words in a caption.
GRADIENTS = {
    "own": "gradient of the network",
    "averaged": "gradient averaged over noisy copies",
    "control": "gradient of the control",
}


def followed(gradient: str, target: Target, draw: np.random.Generator) -> Target:
    """Return ``target`` as an attack sees it that follows ``gradient``, one of ``GRADIENTS``."""
    if gradient == "averaged":
        return Averaged(target, draw)
    return ThroughControl(target) if gradient == "control" else target


class Averaged(Through):
    """A target whose gradient is the mean over noisy copies of the image.

        g(x) = 1/n sum_i grad L(x + u_i),  u_i uniform in [-2, 2] pixel levels,  n = 16

    The mean is the expected gradient of a network that draws at random, and a smooth one where the surface is jagged.
    Logits and losses are those of the image itself.

    Source: Athalye et al. 2018, arXiv:1802.00420, section 4.2 (expectation over transformation). The noise is this suite's.
    """

    def __init__(self, target: Target, draw: np.random.Generator) -> None:
        super().__init__(target)
        self._draw = draw

    def step(
        self, images: Images, labels: Labels, loss: Loss, others: Labels
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Images]:
        """Return logits and losses of ``images`` and the mean gradient, as ``Target`` asks."""
        logits, values, _ = self.target.step(images, labels, loss, others)
        return logits, values, self._mean(images, labels, loss, others)

    def _mean(self, images: Images, labels: Labels, loss: Loss, others: Labels) -> Images:
        total = np.zeros_like(images)
        for _ in range(DRAWS):
            noise = self._draw.uniform(-SPREAD, SPREAD, images.shape).astype(np.float32)
            total += self.target.step(images + noise, labels, loss, others)[2]
        return total / np.float32(DRAWS)


class ThroughControl(Through):
    """A target with the gradient of its control: forward through the network, backward through the control.

    It goes past a part that has no gradient, or a wrong one, as long as the control has learned a similar function.

    Source: Athalye et al. 2018, arXiv:1802.00420, section 4.1 (backward pass differentiable approximation). Departure: the
    control stands for the whole network.
    """

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._control = target.other("")

    def step(
        self, images: Images, labels: Labels, loss: Loss, others: Labels
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Images]:
        """Return logits and losses of the network and the gradient of the control, as ``Target`` asks."""
        logits, values, _ = self.target.step(images, labels, loss, others)
        return logits, values, self._control.step(images, labels, loss, others)[2]
