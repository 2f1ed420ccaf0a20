"""Records of attacks with given accuracies, made without a network and without files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from fakes import ENVIRONMENT, FINGERPRINT, IMAGES

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.records.schema import AttackRecord, RadiusRow, ThreatRecord


def attack_record(
    name: str,
    accuracies: Sequence[float],
    eps: Sequence[float] = (),
    *,
    temperature: float = 1.0,
    images: int = IMAGES,
    zero: float = 0.25,
) -> AttackRecord:
    """Return the record of the attack ``name`` with ``accuracies`` at ``eps``, or at the first of the norm's usual radii."""
    spec = AttackSpec(attack_named(name))
    rows = [
        RadiusRow(
            eps=radius,
            accuracy=accuracy,
            low=max(0.0, accuracy - 0.05),
            high=min(1.0, accuracy + 0.05),
            drop=accuracies[0] - accuracy,
            accuracy_of_clean_right=accuracy / accuracies[0],
        )
        for radius, accuracy in zip(eps or spec.eps[: len(accuracies)], accuracies, strict=True)
    ]
    threat = asdict(spec.attack.threat(temperature))
    return AttackRecord(
        version=1,
        attack=name,
        threat=ThreatRecord(norm=spec.attack.norm.name, trained_temperature=temperature, **threat),
        images=images,
        fraction=images / IMAGES,
        gradient_zero_images=zero,
        gradient_zero_pixels=zero,
        rows=rows,
        weights="0" * 64,
        data=FINGERPRINT,
        environment=ENVIRONMENT,
    )
