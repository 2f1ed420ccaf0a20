from __future__ import annotations

import subprocess
import sys

from bench.datasets import DATASETS


def test_only_a_named_source_may_do_without_a_fingerprint() -> None:
    assert {name: source.named for name, source in DATASETS.items()} == {
        "imagenette": True,
        "folder": False,
        "synthetic": True,
    }


def test_the_data_sets_import_neither_tensorflow_nor_what_a_download_needs() -> None:
    heavy = {"tensorflow", "pooch", "requests"}
    script = f"import bench.datasets, bench.datasets.verify, sys; print([m for m in sys.modules if m in {heavy}])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
