"""Writes the picture of a record beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.records.files import write_bytes

if TYPE_CHECKING:  # the command line starts without it
    from matplotlib.figure import Figure


def with_picture(record: Path, figure: Figure) -> list[Path]:
    """Write ``figure`` as PNG and SVG beside the file ``record``; return the paths of all three."""
    from bench.report.figures.save import render

    paths = []
    for kind, content in render(figure).items():
        paths.append(record.with_name(f"{record.stem}.{kind}"))
        write_bytes(paths[-1], content)
    return [*paths, record]
