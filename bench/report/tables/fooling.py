"""The table of fooling images: how often those of one network fool another."""

from __future__ import annotations

from bench.comparison.verdict import DASH
from bench.fooling.matrix import NOISE
from bench.records.collection import Collection
from bench.records.schema import FoolingCell, FoolingMatrixRecord
from bench.report.tables.cells import share
from bench.report.tables.table import Cell, Table, columns

NOTES = (
    "Made on and shown to the same network: of the images that it classifies correctly, how many can be fooled. Otherwise: of "
    "the images that both networks classify correctly and that fool the first, how many fool the second.",
    f"{NOISE}: each value of a pixel is moved by eps up or down, at random. A share whose interval reaches that of noise shows "
    "nothing.",
)


def fooling_table(collection: Collection) -> Table | None:
    """Return a row for each pair of networks of each matrix, and one for noise; None where no matrix is recorded."""
    if not collection.matrices:
        return None
    names = {"pair": ("made on", "shown to"), "threat": ("eps", "steps"), "fooled": ("fooled", "images")}
    rows = tuple(_row(matrix, cell) for matrix in collection.matrices for cell in matrix.cells)
    threats = ", ".join(dict.fromkeys(f"{each.threat.norm}, {each.threat.knowledge}" for each in collection.matrices))
    caption = (
        f"How often the fooling images of one network fool another, in percent with 95 % intervals (Wilson). {threats}. "
        "eps in pixel levels."
    )
    return Table("fooling", "Whether fooling images fool other networks", caption, NOTES, columns(names), rows)


def _row(matrix: FoolingMatrixRecord, cell: FoolingCell) -> tuple[Cell, ...]:
    return (
        Cell(cell.source),
        Cell(cell.target),
        Cell(f"{matrix.eps:g}", matrix.eps),
        Cell(str(matrix.steps), matrix.steps),
        share(cell.fooled / cell.images, cell.low, cell.high) if cell.images else Cell(DASH),
        Cell(f"{cell.images:,}", cell.images),
    )
