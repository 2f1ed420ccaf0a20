"""The table of drawings: what networks take for a class, and whether others take it for the same."""

from __future__ import annotations

from collections.abc import Mapping

from bench.datasets.class_names import name_of
from bench.records.collection import Collection
from bench.records.schema import ClassDrawingRecord, ClassDrawingRow
from bench.report.network_names import called, names_in
from bench.report.tables.cells import counted
from bench.report.tables.table import Cell, Table, columns

NOTES = (
    "Confidence: the softmax of the class in the last image, at the temperature of the training. Taken by: how many of the other "
    "networks take the last image for the class.",
    "The picture depends on the settings of the ascent as much as on the network: compare rows of one class, from one start.",
)


def drawing_table(collection: Collection) -> Table | None:
    """Return a row for each class and network; None where no class was drawn."""
    if not collection.drawings:
        return None
    named = names_in(collection)
    names = {
        "what": ("class", "start", "steps"),
        "network": ("network",),
        "outcome": ("logit, start", "logit, end", "confidence", "taken by"),
    }
    rows = tuple(_row(named, record, row) for record in collection.drawings for row in record.networks)
    caption = (
        "What each network takes for a class: an image is changed until the logit of the class is high. The networks of one "
        "class have the same start and the same random shifts."
    )
    return Table("drawings", "What networks take for a class", caption, NOTES, columns(names), rows)


def _row(named: Mapping[str, str], record: ClassDrawingRecord, row: ClassDrawingRow) -> tuple[Cell, ...]:
    others = len(record.networks) - 1
    return (
        Cell(name_of(record.target)),
        Cell("noise" if record.start is None else f"image {record.start}"),
        counted(row.steps[-1]),
        Cell(called(named, row.name)),
        Cell(f"{row.logits[0]:.2f}", row.logits[0]),
        Cell(f"{row.logits[-1]:.2f}", row.logits[-1]),
        Cell(f"{row.confidences[-1]:.3f}", row.confidences[-1]),
        Cell(f"{len(row.taken_by)} of {others}", len(row.taken_by)),
    )
