"""Tells whether the gradient of an attack is masked, by a comparison with one step on the logit margin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.attacks import margin_step
from bench.attacks.norms import NORMS, Norm
from bench.evaluation.learned import learned
from bench.records.networks import RecordedAttack, TrainedNetwork
from bench.records.outcomes import customary, lower_bound, on_common_images

TOLERATED = 0.05


@dataclass(frozen=True)
class Masking:
    """An attack compared with the margin step, at the ``eps`` with the largest gap.

        gap = accuracy under the attack - accuracy under the margin step

    The gradient is masked if ``gap`` is shown to be above 0.05: the attack failed, and a step of the same length in a
    better direction succeeded.
    Source: Croce & Hein 2020, arXiv:2003.01690 (losses that do not change with the scale of the logits). The 0.05 is
    this suite's.

    Args:
        images: their number; both attacks are on the same ones.
        least: the one-sided lower 95 % bound of ``gap``. It holds at all radii (Bonferroni), as the largest gap is chosen.
    """

    attack: str
    label: str
    reference: str
    eps: float
    accuracy: float
    reference_accuracy: float
    images: int
    least: float

    @property
    def gap(self) -> float:
        """The accuracy that the margin step takes beyond the attack."""
        return self.accuracy - self.reference_accuracy

    @property
    def masked(self) -> bool:
        """Whether the gradient is shown to be masked."""
        return self.least > TOLERATED

    @property
    def words(self) -> str:
        """The finding in a sentence."""
        if self.masked:
            return (
                f"{self.label}: the gradient is masked. At eps {self.eps:g} accuracy is {100 * self.accuracy:.1f} % under it and "
                f"{100 * self.reference_accuracy:.1f} % under one step on the logit margin: the attack failed, the network is "
                "not stronger"
            )
        if self.gap > TOLERATED:
            return (
                f"{self.label}: masking is not shown. One step on the logit margin takes {100 * self.gap:.1f} points more at eps "
                f"{self.eps:g}. On {self.images:,} images that may be {100 * self.least:.1f}, and more than {100 * TOLERATED:g} "
                "are needed"
            )
        return (
            f"{self.label}: no masking seen. One step on the logit margin takes at most {100 * self.gap:.1f} points more "
            f"(at eps {self.eps:g})"
        )


def masking(network: TrainedNetwork) -> list[Masking]:
    """Return the test of each attack on ``network``, as ``tested``, where it tests something."""
    return [found for attack in network.attacks.values() if (found := tested(network, attack))]


def tested(network: TrainedNetwork, attack: RecordedAttack) -> Masking | None:
    """Return ``attack`` on ``network`` beside the margin step in its norm, on the images and radii that both have.

    None where that tests nothing: where there is no margin step, where the attack follows no gradient of the cross-entropy,
    or where the network did not learn. Where no masking was seen, the margin step must also reach the largest radius of a
    verdict.
    """
    step = margin_step_on(network, attack)
    if step is None or attack.without_temperature or not learned(network.record):
        return None
    both = on_common_images({"attack": attack.outcomes, "step": step.outcomes})
    ours, theirs = both["attack"], both["step"]
    if not len(ours.indices) or not any(ours.eps):
        return None
    taken = ours.right.astype(np.int64) - theirs.right
    place = int(taken.mean(axis=1).argmax())
    seen = Masking(
        attack.record.attack,
        attack.record.threat.label,
        step.record.attack,
        ours.eps[place],
        float(ours.right[place].mean()),
        float(theirs.right[place].mean()),
        len(ours.indices),
        lower_bound(taken[place], among=sum(radius > 0 for radius in ours.eps)),
    )
    return seen if seen.masked or furthest(attack.outcomes.eps, NORMS[attack.record.threat.norm]) in ours.eps else None


def furthest(eps: Iterable[float], norm: Norm) -> float:
    """Return the largest of ``eps`` that a verdict uses. Masking is strongest there."""
    radii = tuple(eps)
    return max(customary(norm).of(radii) or radii)


def margin_step_on(network: TrainedNetwork, attack: RecordedAttack) -> RecordedAttack | None:
    """Return the margin step on ``network`` in the norm of ``attack``; None where it was not made."""
    norm = NORMS.get(attack.record.threat.norm)
    step = margin_step(norm) if norm else None
    return network.attacks.get(str(step)) if step else None
