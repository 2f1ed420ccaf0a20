"""TensorFlow, set up once for the tests of this folder, and a finished run that they share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tiny import stood_in, tiny_run
from whole_runs import go

from bench.datasets.base import Dataset
from bench.runs.pipeline import Result
from bench.training import runtime

runtime.prepare()


@pytest.fixture(scope="session")
def finished(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A pruned run of the small network on the tiny images, attacked by FGSM, that no test may change."""
    with stood_in(tiny):
        return go(tmp_path_factory.mktemp("finished"), tiny_run(arch="small", sparsity=0.5))


@pytest.fixture
def copied(finished: Result, tmp_path: Path) -> Path:
    """A results folder with a copy of the finished run."""
    shutil.copytree(finished.folder.results, tmp_path, dirs_exist_ok=True)
    return tmp_path
