from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.datasets import DATASETS

PACKAGE = """
import numpy as np
from bench.datasets import Source
from bench.datasets.base import Dataset, Split

def load(image_size, data_dir, skip_broken, report, progress):
    images = np.zeros((4, image_size, image_size, 3), np.uint8)
    split = Split(images, np.array([0, 0, 1, 1]), ("a", "b", "c", "d"))
    return Dataset("speckle", split, split, ("left", "right"), "0" * 64)

SPECKLE = Source(load, named=True)
"""
USES = """
from click.testing import CliRunner
from bench.cli.main import main
from bench.spec.run import Run
print(Run.of(arch="fc5", dataset="speckle").name)
for name in ("speckle", "no-source", "specle"):
    done = CliRunner().invoke(main, ["data", "info", "--dataset", name])
    print(done.exit_code, done.output.replace("\\n", "|"))
"""


def python(script: str, *path: Path) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()


def test_only_a_named_source_may_do_without_a_fingerprint() -> None:
    assert {name: source.named for name, source in DATASETS.items()} == {
        "imagenette": True,
        "folder": False,
        "synthetic": True,
    }


def test_the_data_sets_import_neither_tensorflow_nor_what_a_download_needs() -> None:
    heavy = {"tensorflow", "pooch", "requests"}
    script = f"import bench.datasets, bench.datasets.verify, sys; print([m for m in sys.modules if m in {heavy}])"
    assert python(script) == ["[]"]


def test_another_package_adds_a_data_set(tmp_path: Path) -> None:
    (tmp_path / "speckles.py").write_text(PACKAGE)
    info = tmp_path / "speckles-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: speckles\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[bench.datasets]\nspeckle = speckles:SPECKLE\nno-source = speckles:load\n")
    name, used, refused, misspelt = python(USES, tmp_path)
    assert "-speckle64-" in name
    assert used.startswith("0 speckle, 64 px")
    assert "left" in used
    assert refused.startswith("2 error: ")
    assert "package speckles" in refused
    assert "expected a bench.datasets.Source, received function" in refused
    assert "did you mean 'speckle'?" in misspelt
