"""Tells whether the gradient of an attack is masked, by a comparison with one step on the logit margin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.attacks import margin_step
from bench.attacks.norms import NORMS
from bench.evaluation.learned import above_chance
from bench.records.schema import AttackRecord

TOLERATED = 0.05


@dataclass(frozen=True)
class Curve:
    """The accuracy by eps under one attack, with the attack's text and its label in a legend."""

    attack: str
    label: str
    accuracy: Mapping[float, float]


@dataclass(frozen=True)
class Masking:
    """An attack compared with the margin step, at the ``eps`` with the largest gap.

        gap = accuracy under the attack - accuracy under the margin step

    The gradient is masked if ``gap`` is above 0.05: the attack failed, and a step of the same length in a better
    direction succeeded.
    Source: Croce & Hein 2020, arXiv:2003.01690 (losses that do not change with the scale of the logits). The 0.05 is
    this suite's.
    """

    attack: str
    label: str
    reference: str
    eps: float
    accuracy: float
    reference_accuracy: float

    @property
    def gap(self) -> float:
        """The accuracy that the margin step takes beyond the attack."""
        return self.accuracy - self.reference_accuracy

    @property
    def masked(self) -> bool:
        """Whether the gradient is masked."""
        return self.gap > TOLERATED

    @property
    def words(self) -> str:
        """The finding in a sentence."""
        if self.masked:
            return (
                f"{self.label}: the gradient is masked. At eps {self.eps:g} accuracy is {100 * self.accuracy:.1f} % under it and "
                f"{100 * self.reference_accuracy:.1f} % under one step on the logit margin: the attack failed, the network is "
                "not stronger"
            )
        return (
            f"{self.label}: no masking seen. One step on the logit margin takes at most {100 * self.gap:.1f} points more "
            f"(at eps {self.eps:g})"
        )


def compared(attack: Curve, reference: Curve) -> Masking | None:
    """Return the comparison of ``attack`` with the margin step ``reference``; None if they share no radius but 0."""
    shared = [eps for eps in attack.accuracy if eps in reference.accuracy]
    if len(shared) < 2:
        return None
    eps = max(shared, key=lambda radius: attack.accuracy[radius] - reference.accuracy[radius])
    return Masking(attack.attack, attack.label, reference.attack, eps, attack.accuracy[eps], reference.accuracy[eps])


def masking(records: Iterable[AttackRecord], classes: int) -> list[Masking]:
    """Return a finding for each attack on the cross-entropy with a margin step in its norm and on the same images.

    There is no finding on a network that did not learn.

    Args:
        records: the attacks on one network.
        classes: the number of classes of its data.
    """
    known = list(records)
    found = []
    for record in known:
        if record.threat.temperature is None or not _learned(record, classes):
            continue
        reference = margin_step_of(record)
        for other in known:
            if other.attack == reference and other.fraction == record.fraction:
                finding = compared(_curve(record), _curve(other))
                if finding:
                    found.append(finding)
                    break
    return found


def margin_step_of(record: AttackRecord) -> str | None:
    """Return the text of the margin step in the norm of ``record``; None if there is none."""
    norm = NORMS.get(record.threat.norm)
    step = margin_step(norm) if norm else None
    return str(step) if step else None


def _learned(record: AttackRecord, classes: int) -> bool:
    return any(row.eps == 0 and above_chance(row.accuracy, record.images, classes) for row in record.rows)


def _curve(record: AttackRecord) -> Curve:
    return Curve(record.attack, record.threat.label, {row.eps: row.accuracy for row in record.rows})
