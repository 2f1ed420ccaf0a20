"""What an attacker along a gradient knows of the network's temperature, and which loss he differentiates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bench.attacks.base import CrossEntropy, Loss, Margin, Threat
from bench.attacks.naming import named
from bench.errors import unknown
from bench.limits import Range

LOSSES = ("cross-entropy", "margin")
TEMPERATURE = Range("the attacker's temperature", 0, 1e6, open_low=True)


@dataclass(frozen=True)
class Knowing:
    """What attacks along a gradient share: the loss, and the temperature at which the attacker takes it.

    ``loss`` is the cross-entropy on logits / T, or, as "margin", the largest other logit minus the true one. T is the
    temperature that the network was trained at (``knowledge`` "temperature"), 1 ("none"), or a number of the attacker's
    own. ``title`` names the attack in a legend; ``library`` is the module of the extra that it needs, if any.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    library: ClassVar[str] = ""

    knowledge: str | float = "temperature"
    loss: str = "cross-entropy"

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise unknown(f"loss of {self.kind}", self.loss, LOSSES)
        if isinstance(self.knowledge, str):
            if self.knowledge not in ("temperature", "none"):
                raise unknown(f"knowledge of {self.kind}", self.knowledge, ("temperature", "none", "a number"))
        else:
            TEMPERATURE.check(f"knowledge of {self.kind}", self.knowledge)
            object.__setattr__(self, "knowledge", float(self.knowledge))
        if self.loss == "margin":  # no temperature matters: one attack, one name
            object.__setattr__(self, "knowledge", "temperature")

    def __str__(self) -> str:
        return named(self)

    def moves(self) -> str:
        """Return in a phrase what the attack does to an image."""
        raise NotImplementedError

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""
        box = f"white box, true labels, {self.moves()} on the"
        if self.loss == "margin":
            return Threat(f"{self.title} on the margin", f"{box} logit margin, which no temperature changes", None)
        temperature = self._temperature(trained_temperature)
        if self.knowledge == "temperature":
            knows = f"attacker knows the training temperature, T = {temperature:g}"
        else:
            knows = f"attacker at T = {temperature:g}, network trained at T = {trained_temperature:g}"
        return Threat(f"{self.title}, attacker at T = {temperature:g}", f"{box} cross-entropy, {knows}", temperature)

    def differentiated(self, trained_temperature: float) -> Loss:
        """Return the loss whose gradient the attacker takes of a network trained at ``trained_temperature``."""
        return Margin() if self.loss == "margin" else CrossEntropy(self._temperature(trained_temperature))

    def _temperature(self, trained: float) -> float:
        if isinstance(self.knowledge, str):
            return trained if self.knowledge == "temperature" else 1.0
        return self.knowledge
