"""The commands that make a report, or a figure of it, again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from bench.report.escaping import printable
from bench.runs.grid import PRESETS, Grid


def recipe(grid: Grid, seeds: Iterable[int], figure: str = "") -> tuple[str, str]:
    """Return the commands that make the report of ``grid``, or of one figure, again: the sweep, then the report.

    ``seeds``: those that are recorded; the sweep has those of the grid as well.
    """
    # A grid that is not a preset is a file of the user's; the report does not say where it lies.
    name = grid.name if grid.name in PRESETS else f"{grid.name}.toml"
    chosen = ["--figure", figure] if figure else []
    every = ",".join(map(str, sorted({*grid.seeds, *seeds})))
    sweep = ["bench", "sweep", name, *chosen, "--seeds", every]
    report = ["bench", "report", "--grid", name, *chosen]
    return printable(shlex.join(sweep)), printable(shlex.join(report))
