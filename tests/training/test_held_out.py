"""The benchmark by which the rates of a grid were chosen."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

import bench
from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.spec.run import Run

FILE = Path(bench.__file__).parents[1] / "benchmarks" / "held_out.py"


def test_any_setting_can_be_varied_and_the_last_value_counts(
    tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, found = DATASETS["imagenette"], []
    monkeypatch.setitem(DATASETS, "imagenette", type(source)(load=lambda *_: tiny, named=True))
    main = runpy.run_path(str(FILE))["main"]
    monkeypatch.setitem(main.callback.__globals__, "trained", lambda run, _: found.append(run) or "done")
    fixed = ["sparsity=0.5", "schedule=shares:0.1,0.9,4", "low_rank=0.25", "epochs=3"]
    words = ["low_rank", "lr1, 0.5", "--data-dir", str(tmp_path), "--arch", "alexnet"]
    done = CliRunner().invoke(main, [*words, *(part for pair in fixed for part in ("--with", pair))])
    assert done.exit_code == 0, done.output
    shared = {"arch": "alexnet", "sparsity": 0.5, "schedule": "shares:0.1,0.9,4", "epochs": 3}
    assert found == [Run.of(**shared, low_rank=each) for each in ("lr1", "0.5")]
