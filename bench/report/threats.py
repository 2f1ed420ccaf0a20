"""The threat models that the records name: what each attacker may do, knows and is given."""

from __future__ import annotations

from collections import Counter

from bench.report.records import Records
from bench.report.table import Cell, Column, Table
from bench.store import Record

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


def threats(records: Records) -> Table:
    """Return a row for each attack and attacker's temperature in ``records``, with the number of networks attacked."""
    found: Counter[tuple[str, ...]] = Counter()
    for seeds in records.networks.values():
        for network in seeds.values():
            for attack in network.attacks.values():
                found[_words(attack.record)] += 1
    rows = tuple((*map(Cell, words), Cell(str(count), count)) for words, count in sorted(found.items()))
    return Table("threats", "Threat models", "", (), tuple(Column(name, "", "") for name in NAMES), rows)


def _words(record: Record) -> tuple[str, ...]:
    threat = record["threat"]
    low, high = threat.get("box") or (0, 255)
    heat = threat["temperature"]
    return (
        str(record["attack"]),
        str(threat["label"]),
        str(threat["norm"]),
        str(threat.get("eps_unit", "pixel levels")),
        f"{low} to {high}",
        str(threat["knowledge"]),
        "any" if heat is None else f"{heat:g}",
    )
