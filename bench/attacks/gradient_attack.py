"""The base of attacks that follow a gradient: their loss, and what the attacker knows of the temperature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bench.attacks.base import Attack, Threat
from bench.attacks.losses import CrossEntropy, Dlr, Loss, Margin, UnitGap
from bench.errors import BadInput, unknown
from bench.spec.limits import Range

# Losses that no temperature changes.
SCALE_FREE: dict[str, Loss] = {"margin": Margin(), "dlr": Dlr(), "unit-gap": UnitGap()}
KNOWLEDGE = ("temperature", "none")
TEMPERATURE = Range("the attacker's temperature", 0, 1e6, open_low=True)


@dataclass(frozen=True)
class GradientAttack(Attack):
    """An attack that follows the gradient of a loss.

    Args:
        knowledge: the T of the attacker's loss: "temperature" for the T of the training, "none" for T = 1, or a number.
        loss: "cross-entropy" on logits / T, or one that has no T: "margin", "dlr" or "unit-gap" (``losses.py``).

    Attributes:
        title: its name in a legend.
        one_step: whether it takes one step along one gradient.
    """

    title: ClassVar[str]
    one_step: ClassVar[bool] = False

    knowledge: str | float = "temperature"
    loss: str = "cross-entropy"

    def __post_init__(self) -> None:
        if self.loss not in ("cross-entropy", *SCALE_FREE):
            raise unknown(f"loss of {self.kind}", str(self.loss), ("cross-entropy", *SCALE_FREE))
        if isinstance(self.knowledge, str):
            if self.knowledge not in KNOWLEDGE:
                raise unknown(f"knowledge of {self.kind}", self.knowledge, (*KNOWLEDGE, "a number"))
        else:
            TEMPERATURE.check(f"knowledge of {self.kind}", self.knowledge)
            object.__setattr__(self, "knowledge", float(self.knowledge))
        if self.loss in SCALE_FREE and self.knowledge != "temperature":
            raise BadInput(
                f"{self.kind} has loss={self.loss} and knowledge={self.knowledge}: leave out knowledge; the {self.loss} has "
                "no temperature"
            )

    @property
    def moves(self) -> str:
        """A phrase for captions: the steps that the attack takes."""
        raise NotImplementedError

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""
        box = f"white box, true labels, {self.moves} on the"
        if self.loss in SCALE_FREE:
            what = "logit margin" if self.loss == "margin" else self.loss
            return Threat(f"{self.title} on the {self.loss}", f"{box} {what}, which no temperature changes", None)
        temperature = self._temperature(trained_temperature)
        if self.knowledge == "temperature":
            knows = f"attacker knows the training temperature, T = {temperature:g}"
        else:
            knows = f"attacker at T = {temperature:g}, network trained at T = {trained_temperature:g}"
        return Threat(f"{self.title}, attacker at T = {temperature:g}", f"{box} cross-entropy, {knows}", temperature)

    def against(self, trained_temperature: float) -> GradientAttack:
        """Return the attack as recorded: at T = 1, knowledge "none" is the same attack as "temperature"."""
        if self.knowledge == "none" and trained_temperature == 1:
            return replace(self, knowledge="temperature")
        return self

    def differentiated(self, trained_temperature: float) -> Loss:
        """Return the attacker's loss, for a network trained at ``trained_temperature``."""
        return SCALE_FREE.get(self.loss) or CrossEntropy(self._temperature(trained_temperature))

    def _temperature(self, trained: float) -> float:
        if isinstance(self.knowledge, str):
            return trained if self.knowledge == "temperature" else 1.0
        return self.knowledge
