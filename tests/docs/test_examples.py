"""The Python of the documents and the notebooks runs, in small: all of it in one process, for TensorFlow is slow to start."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from pages import NOTEBOOKS, PAGES, ROOT, blocks

SCRIPT = ROOT / "tests/support/run_examples.py"
NAMES = [path.name for path in PAGES if blocks(path, "python")] + [path.name for path in NOTEBOOKS]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    place = tmp_path_factory.mktemp("examples")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{place}", "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "outcome.json"], cwd=place, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads((place / "outcome.json").read_text())
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs(outcome: dict[str, str], name: str) -> None:
    assert outcome[name] == ""


def test_there_are_examples_of_each_kind() -> None:
    assert {"README.md", "extending.md", "own-network.md", "python.md"} <= set(NAMES)
    assert len(NOTEBOOKS) == 2
