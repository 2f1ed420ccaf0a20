"""The table of overviews: the pictures of a figure besides its two panels. A new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from bench.comparison.group import ComparisonGroup
from bench.report.figures.by_setting import by_setting
from bench.report.figures.heat_map import heat_map
from bench.report.figures.pareto import by_compression
from bench.report.figures.smallest_flip import flips
from bench.report.figures.spectral_norms import spectral
from bench.report.figures.temperature_knowledge import knowledge
from bench.report.tables.table import Table


@dataclass(frozen=True)
class Overview:
    """A picture of a group.

    ``words`` say what it shows, for readers who cannot see it. ``draw`` returns None where there is nothing to show.
    ``once``: it is drawn once for a figure, not once for each attack.
    """

    words: str
    draw: Callable[[ComparisonGroup, Table], Figure | None]
    once: bool = False


OVERVIEWS: dict[str, Overview] = {
    "by-setting": Overview("accuracy by setting", by_setting),
    "by-compression": Overview("accuracy against compression in parameters, MACs and gzip bytes", by_compression),
    "heat": Overview("difference to the control by eps", heat_map),
    "flips": Overview("fraction of images flipped, by the smallest flipping eps", flips),
    "knowledge": Overview(
        "attackers who know T and attackers at T = 1, and images without a gradient", knowledge, once=True
    ),
    "spectral": Overview("spectral norms by layer", spectral, once=True),
}


def pictured(group: ComparisonGroup) -> dict[str, Overview]:
    """Return the overviews of ``group`` by the name of their files."""
    return {
        f"{group.figure if overview.once else group.name}-{name}": overview
        for name, overview in OVERVIEWS.items()
        if group.leads or not overview.once
    }
