"""The table of fooling images: how often those of one network fool another."""

from __future__ import annotations

from collections.abc import Mapping

from bench.comparison.verdict import DASH
from bench.records.collection import Collection
from bench.records.schema import FoolingCell, FoolingMatrixRecord
from bench.report.network_names import called, names_in
from bench.report.tables.cells import counted, share
from bench.report.tables.table import Cell, Table, columns

NOTES = (
    "Made on and shown to the same network: of the images that it classifies correctly, how many can be fooled. Otherwise: of "
    "the images that both networks classify correctly and that fool the first, how many fool the second.",
    "Noise: the same images, with each value of a pixel moved by eps up or down, at random. A share whose interval reaches that "
    "of its noise shows nothing.",
    "Each row has images of its own: rows of one network differ in their images too.",
)


def fooling_table(collection: Collection) -> Table | None:
    """Return a row for each pair of networks of each matrix; None where no matrix is recorded."""
    if not collection.matrices:
        return None
    names = {"pair": ("made on", "shown to"), "threat": ("eps", "steps"), "fooled": ("fooled", "by noise", "images")}
    named = names_in(collection)
    rows = tuple(_row(named, matrix, cell) for matrix in collection.matrices for cell in matrix.cells)
    threats = ", ".join(dict.fromkeys(f"{each.threat.norm}, {each.threat.knowledge}" for each in collection.matrices))
    caption = (
        f"How often the fooling images of one network fool another, in percent with 95 % intervals (Wilson). {threats}. "
        "eps in pixel levels."
    )
    return Table("fooling", "Whether fooling images fool other networks", caption, NOTES, columns(names), rows)


def _row(named: Mapping[str, str], matrix: FoolingMatrixRecord, cell: FoolingCell) -> tuple[Cell, ...]:
    return (
        Cell(called(named, cell.source)),
        Cell(called(named, cell.target)),
        Cell(f"{matrix.eps:g}", matrix.eps),
        Cell(str(matrix.steps), matrix.steps),
        share(cell.fooled / cell.images, cell.low, cell.high) if cell.images else Cell(DASH),
        share(cell.noise / cell.images, cell.noise_low, cell.noise_high) if cell.images else Cell(DASH),
        counted(cell.images),
    )
