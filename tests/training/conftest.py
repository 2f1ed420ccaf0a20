"""TensorFlow, set up once for the tests of this folder, and trainings that several tests read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tiny import tiny_run

from bench.datasets.base import Dataset
from bench.training import runtime

runtime.prepare()

from trainings import Trained, train  # noqa: E402


@pytest.fixture(scope="session")
def trained(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Trained]:
    """Return a function that trains a tiny run of given settings, once for all tests that ask for it."""
    found: dict[str, Trained] = {}

    def once(**settings: Any) -> Trained:
        run = tiny_run(**settings)
        if str(run) not in found:
            found[str(run)] = train(run, tiny, tmp_path_factory.mktemp("trained"))
        return found[str(run)]

    return once
