"""The fast gradient sign method, the attack of the internship report (its section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.base import CrossEntropy, Images, Labels, Loss, Margin, Threat, View
from bench.attacks.naming import named
from bench.errors import unknown
from bench.limits import Range

LOSSES = ("cross-entropy", "margin")
TEMPERATURE = Range("the attacker's temperature", 0, 1e6, open_low=True)


@dataclass(frozen=True)
class Fgsm:
    """Move every pixel by eps in the direction that raises the loss, in one step.

    The attacked image is

        x' = clip(x + eps * sign(grad_x L(x, y)), 0, 255)

    where x is ``images`` in pixel levels, y is ``labels`` (the true ones) and eps runs over ``eps``. L is the
    cross-entropy on logits / T, or, with ``loss`` "margin", the largest other logit minus the true one. T is the
    temperature that the network was trained at (``knowledge`` "temperature"), 1 ("none"), or a number of the attacker's
    own. The gradient is computed once and serves every radius. A pixel whose gradient is zero stays where it is.
    Departure from the source: the clipping to [0, 255], so that the result is an image.
    Source: Goodfellow et al. 2015, arXiv:1412.6572, section 4; the two attackers are those of the report's figure 13.
    """

    kind: ClassVar[str] = "fgsm"

    knowledge: str | float = "temperature"
    loss: str = "cross-entropy"

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise unknown("loss of fgsm", self.loss, LOSSES)
        if isinstance(self.knowledge, str):
            if self.knowledge not in ("temperature", "none"):
                raise unknown("knowledge of fgsm", self.knowledge, ("temperature", "none", "a number"))
        else:
            TEMPERATURE.check("knowledge of fgsm", self.knowledge)
            object.__setattr__(self, "knowledge", float(self.knowledge))
        if self.loss == "margin":  # no temperature matters: one attack, one name
            object.__setattr__(self, "knowledge", "temperature")

    def __str__(self) -> str:
        return named(self)

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""
        box = "white box, true labels, one FGSM step on the"
        if self.loss == "margin":
            return Threat("FGSM on the margin", f"{box} logit margin, which no temperature changes", None)
        temperature = self._temperature(trained_temperature)
        if self.knowledge == "temperature":
            knows = f"attacker knows the training temperature, T = {temperature:g}"
        else:
            knows = f"attacker at T = {temperature:g}, network trained at T = {trained_temperature:g}"
        return Threat(f"FGSM, attacker at T = {temperature:g}", f"{box} cross-entropy, {knows}", temperature)

    def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
        """Yield the attacked images for each radius, as ``Attack`` asks."""
        loss: Loss = Margin() if self.loss == "margin" else CrossEntropy(self._temperature(view.temperature))
        direction = np.sign(view.gradient(images, labels, loss))
        for radius in eps:
            yield np.clip(images + np.float32(radius) * direction, 0, 255)

    def _temperature(self, trained: float) -> float:
        if isinstance(self.knowledge, str):
            return trained if self.knowledge == "temperature" else 1.0
        return self.knowledge
