"""The table of threat models: what each attacker in the records may do and knows."""

from __future__ import annotations

from collections import Counter

from bench.records.collection import Collection
from bench.records.schema import AttackRecord
from bench.report.tables.table import Cell, Table, columns

NAMES = (
    "attack",
    "in words",
    "norm",
    "eps",
    "pixel values",
    "what the attacker knows and does",
    "attacker's T",
    "trainings",
)


def threat_models(collection: Collection) -> Table:
    """Return a row for each attack and temperature of the attacker, with the number of trainings whose networks it attacked."""
    found: Counter[tuple[str, ...]] = Counter()
    for network in collection.every:
        found.update(_words(attack.record) for attack in network.attacks.values())
    rows = tuple((*map(Cell, words), Cell(str(count), count)) for words, count in sorted(found.items()))
    return Table("threats", "Threat models", "", (), columns({"": NAMES}), rows)


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
