"""Shared pieces of the tests: TensorFlow set up once, tiny images, a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import runtime

runtime.prepare()

from bench.datasets import DATASETS  # noqa: E402
from bench.datasets.base import Dataset, Split  # noqa: E402
from bench.progress import Progress  # noqa: E402
from bench.spec import Run  # noqa: E402


def tiny_split(count: int, seed: int, size: int = 32) -> Split:
    """Make images whose class, out of four, is the horizontal band that is brighter: mirroring keeps it."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 4, count)
    images = draw.integers(0, 150, (count, size, size, 3))
    for image, label in zip(images, labels, strict=True):
        image[label * size // 4 : (label + 1) * size // 4] += 100
    return Split(images.astype(np.uint8), labels.astype(np.int64), tuple(f"{seed}/{n}" for n in range(count)))


@pytest.fixture(scope="session")
def tiny() -> Dataset:
    return Dataset("tiny", tiny_split(96, 1), tiny_split(40, 2), ("a", "b", "c", "d"), "f" * 64)


@pytest.fixture
def quiet() -> Progress:
    return Progress(quiet=True)


@pytest.fixture
def tiny_source(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the name "synthetic" stand for the tiny images, so that a whole run takes seconds."""
    source = DATASETS["synthetic"]
    monkeypatch.setitem(DATASETS, "synthetic", type(source)(load=lambda *_: tiny, named=True))


def tiny_run(**settings: Any) -> Run:
    """Return a run on the tiny images: FC5, 32 px, two epochs of three steps unless told otherwise."""
    usual = {"arch": "fc5", "dataset": "synthetic", "image_size": 32, "epochs": 2, "batch_size": 32}
    return Run.of(**{**usual, **settings})


def only_seed_folder(results: Path) -> Path:
    (found,) = results.glob("*/seed-*")
    return found
