"""The table of data sets. Another package can add a row through the entry-point group ``bench.datasets``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.datasets import folder, imagenette, synthetic
from bench.datasets.base import Dataset
from bench.datasets.messages import Count, Report
from bench.plugins import Plugins


@dataclass(frozen=True)
class Source:
    """A row of the table: how to load a data set.

    Args:
        load: a function ``(image_size, data_dir, skip_broken, report, progress) -> Dataset``. ``image_size`` is the side
            in pixels, ``data_dir`` the folder that the user named or None. ``skip_broken`` allows it to leave out broken
            images. ``report`` takes remarks, ``progress`` counts images.
        named: whether the name alone identifies the data. If not, the fingerprint does.
    """

    load: Callable[[int, Path | None, bool, Report, Count], Dataset]
    named: bool


def _source(offered: Any) -> Source:
    if not isinstance(offered, Source):
        raise TypeError(f"expected a bench.datasets.Source, received {type(offered).__name__}")
    return offered


DATASETS = Plugins(
    "bench.datasets",
    {
        "imagenette": Source(imagenette.load, named=True),
        "folder": Source(folder.load, named=False),
        "synthetic": Source(synthetic.load, named=True),
    },
    _source,
)
