"""Makes the record of a threat model."""

from __future__ import annotations

from dataclasses import asdict

from bench.attacks.base import Threat
from bench.attacks.norms import Norm
from bench.records.schema import ThreatRecord


def threat_record(norm: Norm, threat: Threat, trained_temperature: float) -> ThreatRecord:
    """Return the record of ``threat``, bounded in ``norm``, against a network trained at ``trained_temperature``."""
    return ThreatRecord(
        norm=norm.name,
        eps_unit=norm.unit,
        box=[0, 255],
        trained_temperature=trained_temperature,
        **asdict(threat),
    )
