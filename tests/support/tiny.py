"""Images and a network small enough for a whole training in a second, runs on them, and where those leave their records."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.attacks.spec import attack_specs
from bench.datasets import DATASETS
from bench.datasets.base import Dataset, Split
from bench.runs.grid import GridRun
from bench.spec.architectures import ARCHITECTURES, Architecture
from bench.spec.run import Run

SMALL = Architecture("small_network:two_convolutions")
# It learns the bands, which the other does not see: where accuracies matter and the architecture does not.
SMALL_PERCEPTRON = f"{Path(__file__).with_name('small_network.py')}:perceptron"


def tiny_split(count: int, seed: int, size: int = 32) -> Split:
    """Make images whose class, out of four, is the horizontal band that is brighter: mirroring keeps it."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 4, count)
    images = draw.integers(0, 150, (count, size, size, 3))
    for image, label in zip(images, labels, strict=True):
        image[label * size // 4 : (label + 1) * size // 4] += 100
    return Split(images.astype(np.uint8), labels.astype(np.int64), tuple(f"{seed}/{n}" for n in range(count)))


def tiny_run(**settings: Any) -> Run:
    """Return a run on the tiny images: FC5, 32 px, two epochs of three unclipped steps unless told otherwise."""
    usual = {"arch": "fc5", "dataset": "synthetic", "image_size": 32, "epochs": 2, "batch_size": 32, "clip_norm": 0.0}
    return Run.of(**{**usual, **settings})


def tiny_cell(**settings: Any) -> GridRun:
    """Return a cell of a grid: a run on the tiny images, attacked at 0, 1 and 4 levels, as the fakes are."""
    run = tiny_run(**settings)
    return GridRun(run, tuple(attack_specs(run, [], (0.0, 1.0, 4.0), 1.0)), ("a",))


@contextmanager
def stood_in(data: Dataset) -> Iterator[None]:
    """Let "synthetic" stand for ``data`` and "small" for the small network while the runs of a whole file are made."""
    source = DATASETS["synthetic"]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(DATASETS, "synthetic", type(source)(load=lambda *_: data, named=True))
        monkeypatch.setitem(ARCHITECTURES, "small", SMALL)
        yield


@contextmanager
def without_norms() -> Iterator[None]:
    """Leave out the norms of kernels, which take longer than a tiny training and have tests of their own."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("bench.evaluation.metrics.operator_norm", lambda _: 1.0)
        yield


def small_file(folder: Path) -> str:
    """Copy the small network into ``folder`` and return its ``--arch``, for processes that know no "small"."""
    file = shutil.copy(Path(__file__).with_name("small_network.py"), folder)
    return f"{file}:two_convolutions"


def only_seed_folder(results: Path) -> Path:
    (found,) = results.glob("*/seed-*")
    return found
