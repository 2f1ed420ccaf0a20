"""The table of feature transfer: how far the features of networks carry over to another task."""

from __future__ import annotations

from bench.comparison.verdict import DASH
from bench.records.collection import Collection
from bench.records.schema import TransferAttackRow, TransferRecord, TransferRow
from bench.report.network_names import called, names_in
from bench.report.tables.cells import counted, in_percent, share
from bench.report.tables.table import Cell, Table, columns

NOTES = (
    "Largest class: the accuracy, on the held-out images, of a machine that always answers their largest class.",
    "Held out: a fifth of the training images of each class, by which cut and C were chosen. So the best accuracy is a "
    "little too high. Validation: the chosen pair, fitted on all training images, on images that nothing was chosen on.",
    "Left under an attack: trunk and machine attacked as one network, white box, on some of the validation images. The attacks "
    "are few; what they leave may be more than what is really left.",
)
Attacked = tuple[str, float]  # the attack and eps


def transfer_table(collection: Collection) -> Table | None:
    """Return a row for each network, cut and C; None where no transfer is recorded."""
    if not collection.transfers:
        return None
    attacked = list(
        dict.fromkeys(
            (attack.attack, row.eps)
            for record in collection.transfers
            for attack in record.attacks
            for row in attack.rows
        )
    )
    names = {
        "network": ("network", "classes", "images to fit"),
        "machine": ("cut", "features", "C", "seconds"),
        "accuracy": ("largest class", "held out", "validation"),
        "attack": (*[f"left, {attack}, eps {eps:g}" for attack, eps in attacked], "images attacked"),
    }
    named = names_in(collection)
    rows = tuple(
        _row(called(named, record.network), record, row, attacked)
        for record in collection.transfers
        for row in record.rows
    )
    caption = (
        "Accuracy in percent of a linear support vector machine on the features of a trained network, for another task, with "
        "95 % intervals (Wilson). Threat model of the attacks: L-infinity, eps in pixel levels, white box, true labels."
    )
    return Table("transfer", "Whether features carry over to another task", caption, NOTES, columns(names), rows)


def _row(name: str, record: TransferRecord, row: TransferRow, attacked: list[Attacked]) -> tuple[Cell, ...]:
    chosen = (row.cut, row.c) == (record.cut, record.c)
    left = _left(record.attacks) if chosen else {}
    return (
        Cell(name),
        Cell(str(len(record.classes)), len(record.classes)),
        counted(record.to_fit),
        Cell(row.cut),
        Cell(str(row.features), row.features),
        Cell(f"{row.c:g}", row.c),
        Cell(f"{row.seconds:.1f}", row.seconds),
        in_percent(record.largest_class),
        share(row.accuracy, row.low, row.high),
        share(record.accuracy, record.low, record.high) if chosen else Cell(DASH),
        *[left.get(each, Cell(DASH)) for each in attacked],
        counted(record.attacked if chosen else None),
    )


def _left(attacks: list[TransferAttackRow]) -> dict[Attacked, Cell]:
    return {
        (attack.attack, row.eps): share(row.accuracy, row.low, row.high) for attack in attacks for row in attack.rows
    }
