"""Compares accuracy under one step and under many steps, on the same images of the same network."""

from __future__ import annotations

from dataclasses import dataclass

from bench.attacks import attack_named
from bench.attacks.fgsm import Fgsm
from bench.attacks.pgd import Pgd
from bench.comparison.group import AttackedNetwork
from bench.comparison.masking import is_masked
from bench.errors import BadInput
from bench.records.collection import Collection
from bench.records.networks import RecordedAttack, TrainedNetwork
from bench.records.outcomes import on_common_images

# On a few hundred images, one step may take this much more than many steps before the iterated attack counts as failed.
TOLERATED = 0.02


@dataclass(frozen=True)
class StepPair:
    """One network under one step and under many.

    Args:
        one: the single step.
        many: the iterated attack.
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
    def zero_gradients(self) -> float:
        """The fraction of images without a gradient at the start of the many steps."""
        return self.many.record.gradient_zero_images

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
    found = []
    for seeds in collection.networks.values():
        for network in seeds.values():
            for text, many in sorted(network.attacks.items()):
                one = _step(network, text)
                pair = _pair(network, one, many) if one else None
                if pair:
                    found.append(pair)
    return found


def _step(network: TrainedNetwork, text: str) -> RecordedAttack | None:
    """Return the single step on the same loss as the PGD ``text``; None where ``text`` is no PGD, or it was not run."""
    try:
        attack = attack_named(text)
    except BadInput:
        return None
    if not isinstance(attack, Pgd):
        return None
    alike, usual = (str(each) for each in (Fgsm(attack.knowledge, attack.loss), Fgsm()))
    return network.attacks.get(alike) or network.attacks.get(usual)


def _pair(network: TrainedNetwork, one: RecordedAttack, many: RecordedAttack) -> StepPair | None:
    both = on_common_images({"one": one.outcomes, "many": many.outcomes})
    images, radii = len(both["one"].indices), both["one"].eps
    if not images or not any(radii):
        return None
    means = [both[which].right.mean(axis=1) for which in ("one", "many")]
    values = {
        radius: (float(before), float(after)) for radius, before, after in zip(radii, *means, strict=True) if radius
    }
    return StepPair(network, one, many, images, values)
