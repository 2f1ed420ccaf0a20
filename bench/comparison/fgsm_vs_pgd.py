"""Compares accuracy under one step and under many steps, on the same images of the same network."""

from __future__ import annotations

from dataclasses import dataclass

from bench.attacks import known_attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.pgd import Pgd
from bench.comparison.group import AttackedNetwork, attacked_by
from bench.comparison.masked_networks import is_masked
from bench.records.collection import Collection
from bench.records.networks import RecordedAttack, TrainedNetwork
from bench.records.outcomes import on_common_images

# On a few hundred images, one step may take this much more than many steps before the iterated attack counts as failed.
TOLERATED = 0.02


@dataclass(frozen=True)
class StepPair:
    """One network under one step and under many.

    Args:
        images: the number of images of both.
        accuracy: under one and under many, at each radius of both but 0.
    """

    network: TrainedNetwork
    one: RecordedAttack
    many: RecordedAttack
    images: int
    accuracy: dict[float, tuple[float, float]]

    @property
    def masked(self) -> bool | None:
        """Whether the gradient that the many steps follow is masked; None where there is no margin step to tell."""
        return is_masked({self.network.run.seed: AttackedNetwork(self.network, self.many)})

    @property
    def stronger_by(self) -> float:
        """The largest excess over the radii of many steps over one; negative where they never take more."""
        return max(before - after for before, after in self.accuracy.values())

    @property
    def weaker_by(self) -> float:
        """The largest excess over the radii of one step over many. Where it is large, the iterated attack failed."""
        return max(after - before for before, after in self.accuracy.values())


def step_pairs(collection: Collection) -> list[StepPair]:
    """Return every network attacked by PGD and by the step that PGD repeats, in order of run, seed and attack."""
    pairs = [_pair(network, text) for network in collection.every for text in sorted(network.attacks)]
    return [pair for pair in pairs if pair]


def _pair(network: TrainedNetwork, text: str) -> StepPair | None:
    """Return the PGD ``text`` with the single step on the same loss, by an attacker who knows as much.

    None where it is no PGD, where that step was not recorded, or where they share no radius.
    """
    attack = known_attack(text)
    if not isinstance(attack, Pgd):
        return None
    many = network.attacks[text]
    one = attacked_by(network, str(Fgsm(attack.knowledge, attack.loss)))
    both = on_common_images({"one": one.outcomes, "many": many.outcomes}) if one else {}
    if one is None or not len(both["one"].indices) or not any(both["one"].eps):
        return None
    before, after = (map(float, both[which].right.mean(axis=1)) for which in ("one", "many"))
    accuracy = {eps: (x, y) for eps, x, y in zip(both["one"].eps, before, after, strict=True) if eps}
    return StepPair(network, one, many, len(both["one"].indices), accuracy)
