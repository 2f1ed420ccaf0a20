"""The threat models that the records name: what each attacker may do, knows and is given."""

from __future__ import annotations

from collections import Counter

from bench.records.collection import Collection
from bench.records.schema import AttackRecord
from bench.report.tables.table import Cell, Column, Table

NAMES = (
    "attack",
    "in words",
    "norm",
    "eps",
    "pixel values",
    "what the attacker knows and does",
    "attacker's T",
    "networks",
)


def threat_models(collection: Collection) -> Table:
    """Return a row for each attack and attacker's temperature in ``collection``, with the number of networks attacked."""
    found: Counter[tuple[str, ...]] = Counter()
    for seeds in collection.networks.values():
        for network in seeds.values():
            found.update(_words(attack.record) for attack in network.attacks.values())
    rows = tuple((*map(Cell, words), Cell(str(count), count)) for words, count in sorted(found.items()))
    return Table("threats", "Threat models", "", (), tuple(Column(name, "", "") for name in NAMES), rows)


def _words(record: AttackRecord) -> tuple[str, ...]:
    threat = record.threat
    return (
        record.attack,
        threat.label,
        threat.norm,
        threat.eps_unit,
        " to ".join(map(str, threat.box)),
        threat.knowledge,
        "any" if threat.temperature is None else f"{threat.temperature:g}",
    )
