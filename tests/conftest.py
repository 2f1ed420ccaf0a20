"""What every test has: the environment of TensorFlow and NumPy, no terminal, the tiny images."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

# Before NumPy is imported. Two workers of two threads each wait for one another: a small QR takes a second.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import pytest
from hypothesis import settings
from tiny import SMALL, tiny_split, without_norms

from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.spec.architectures import ARCHITECTURES
from bench.training.progress import Progress

# Before any test imports TensorFlow; the folders whose tests do prepare it in a conftest of their own.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
# The folders that train take longest: they begin, so that no worker is left with one at the end.
FIRST = ("training", "runs", "methods", "report")
# What the tests import stays. To look through it again and again takes a tenth of their time.
gc.disable()
# A property is not a race: the first example may import half of the suite.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest folders first, for workers that take files in this order."""
    items.sort(key=lambda item: not any(part in FIRST for part in item.path.parts[-3:-1]))


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over all that is in memory once the tests are imported."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True, scope="module")
def no_networks_left() -> Iterator[None]:
    """Give back the memory of a file's networks, which Keras and reference cycles hold."""
    yield
    if keras := sys.modules.get("tf_keras"):
        keras.backend.clear_session()
        gc.collect()
        gc.freeze()  # again: processes that a report starts end it


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the disk: no test lets the machine crash."""
    monkeypatch.setattr("os.fsync", lambda _: None)


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


@pytest.fixture
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the name "small" stand for a network that trains in no time, where any network shows what is tested."""
    monkeypatch.setitem(ARCHITECTURES, "small", SMALL)


@pytest.fixture
def no_norms() -> Iterator[None]:
    """Leave out the norms of kernels."""
    with without_norms():
        yield
