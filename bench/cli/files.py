"""Writes what a command found outside of a run's folder: pictures and a record beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.records.files import write_bytes, write_json
from bench.records.schema import Record, schema_of

if TYPE_CHECKING:  # the command line starts without it
    from matplotlib.figure import Figure


def written(output: Path, name: str, record: Record, figure: Figure) -> list[Path]:
    """Write ``figure`` as PNG and SVG, then ``record`` as JSON, below ``output``; return their paths."""
    from bench.report.figures.save import render

    paths = []
    for kind, content in render(figure).items():
        paths.append(output / f"{name}.{kind}")
        write_bytes(paths[-1], content)
    paths.append(output / f"{name}.json")
    write_json(paths[-1], schema_of(type(record)), record.model_dump(mode="json"))
    return paths
