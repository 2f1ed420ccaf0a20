"""The table of overviews: what the report draws of a figure beyond its two panels. A new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from bench.report.lineup import Lineup
from bench.report.overviews.by_compression import by_compression
from bench.report.overviews.by_setting import by_setting
from bench.report.overviews.flips import flips
from bench.report.overviews.heat import heat_map
from bench.report.overviews.knowledge import knowledge
from bench.report.overviews.spectral import spectral
from bench.report.records import Records
from bench.report.table import Table


@dataclass(frozen=True)
class Overview:
    """A picture of a lineup or, ``once``, of a figure; ``words`` say what is to be seen in it, for who cannot.

    ``draw`` returns None where there is nothing to show.
    """

    words: str
    draw: Callable[[Lineup, Records, Table], Figure | None]
    once: bool = False


OVERVIEWS: dict[str, Overview] = {
    "by-setting": Overview("accuracy by setting", by_setting),
    "by-compression": Overview("accuracy against compression in parameters, MACs and gzip bytes", by_compression),
    "heat": Overview("difference to the control by eps", heat_map),
    "flips": Overview("share of images flipped, by the smallest flipping eps", flips),
    "knowledge": Overview("attackers with and without T, and images without a gradient", knowledge, once=True),
    "spectral": Overview("spectral norms by layer", spectral, once=True),
}


def pictured(lineup: Lineup) -> dict[str, Overview]:
    """Return the overviews that ``lineup`` has a place for, by the name of their files."""
    return {
        f"{lineup.figure if overview.once else lineup.name}-{name}": overview
        for name, overview in OVERVIEWS.items()
        if lineup.leads or not overview.once
    }
