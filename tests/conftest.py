"""TensorFlow, set up once for all tests, and the tiny images as fixtures."""

from __future__ import annotations

import pytest
from hypothesis import settings

from bench import runtime

runtime.prepare()
# A property is not a race: the first example may import half of the suite.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

from tiny import tiny_split  # noqa: E402

from bench.datasets import DATASETS  # noqa: E402
from bench.datasets.base import Dataset  # noqa: E402
from bench.progress import Progress  # noqa: E402


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
