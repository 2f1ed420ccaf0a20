"""The suite from a wheel, outside the checkout: everything that it reads comes with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import fake
from tiny import tiny_run

GRID = """
[settings]
arch = "fc5"
dataset = "synthetic"
image_size = 32
epochs = 2
batch_size = 32
clip_norm = 0
[attack]
eps = [0, 1, 4]
[figures.a]
title = "FC5: sparsity"
sparsity = [0.0, 0.5]
"""
ROOT = Path(__file__).parents[2]
LEFT = shutil.ignore_patterns(".*", "results", "reports", "tests", "build", "*.egg-info", "__pycache__")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of the wheel and nothing else."""
    place = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, place / "source", ignore=LEFT)  # setuptools writes beside the sources
    quiet = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), str(place / "source")]
    subprocess.run([*quiet, *build], check=True)
    (wheel,) = place.glob("*.whl")
    subprocess.run(
        [*quiet, "install", "--no-deps", "--no-compile", "--target", str(place / "installed"), str(wheel)], check=True
    )
    return place / "installed"


def test_the_suite_works_from_a_wheel(installed: Path, tmp_path: Path) -> None:
    def python(*words: str) -> str:
        done = subprocess.run([sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    environment = {**os.environ, "PYTHONPATH": str(installed)}
    for settings in ({}, {"sparsity": 0.5}):
        fake(tmp_path / "results", tiny_run(**settings))
    (tmp_path / "mine.toml").write_text(GRID)
    # A network is built as well: its module is in the wheel, and not that of the checkout.
    code = "import bench, importlib.resources as r; print(bench.__file__, (r.files(bench) / 'py.typed').is_file())\n"
    code += "from bench.spec.architectures import ARCHITECTURES; from importlib.util import find_spec\n"
    code += "print(find_spec(ARCHITECTURES['fc5'].place.partition(':')[0]).origin)"
    *place, network = python("-c", code).split()
    assert place == [str(installed / "bench" / "__init__.py"), "True"]
    assert Path(network).is_relative_to(installed)
    assert python("-m", "bench", "--version").startswith("bench, version ")
    assert "12 runs: 0 ended, 12 to go" in python("-m", "bench", "sweep", "smoke", "--dry-run", "--results-dir", "none")
    assert "files under" in python("-m", "bench", "report", "--grid", "mine.toml", "--output", "out", "--format", "svg")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "FC5: sparsity" in page
