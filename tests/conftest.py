"""What every test has: the environment of TensorFlow, no terminal, the tiny images."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from tiny import tiny_split

from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.training.progress import Progress

# Before any test imports TensorFlow; the folders whose tests do prepare it in a conftest of their own.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
# A property is not a race: the first example may import half of the suite.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def tiny() -> Dataset:
    return Dataset("tiny", tiny_split(96, 1), tiny_split(40, 2), ("a", "b", "c", "d"), "f" * 64)


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what makes rich believe in a terminal, as some services that run tests do."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def quiet() -> Progress:
    return Progress(quiet=True)


@pytest.fixture
def tiny_source(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the name "synthetic" stand for the tiny images, so that a whole run takes seconds."""
    source = DATASETS["synthetic"]
    monkeypatch.setitem(DATASETS, "synthetic", type(source)(load=lambda *_: tiny, named=True))
