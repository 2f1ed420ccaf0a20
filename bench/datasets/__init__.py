"""The data sets by name: the one table that the rest of the suite, and its contract tests, read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.datasets import folder, imagenette, synthetic
from bench.datasets.base import Dataset
from bench.datasets.messages import Progress, Report


@dataclass(frozen=True)
class Source:
    """How to load a data set: ``load(image_size, data_dir, skip_broken, report, progress)``.

    ``image_size`` is in pixels a side; ``report`` takes remarks, ``progress`` counts images. ``named``: the name alone
    says which data it is; otherwise the fingerprint has to.
    """

    load: Callable[[int, Path | None, bool, Report, Progress], Dataset]
    named: bool


DATASETS: dict[str, Source] = {
    "imagenette": Source(imagenette.load, named=True),
    "folder": Source(folder.load, named=False),
    "synthetic": Source(synthetic.load, named=True),
}
