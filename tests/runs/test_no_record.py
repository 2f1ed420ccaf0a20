"""A run that is not what it says, or ends early, leaves no record of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tiny import only_seed_folder, tiny_run
from whole_runs import FGSM, go

from bench.attacks.spec import AttackSpec
from bench.errors import BadInput, BenchError, IntegrityError
from bench.records.files import read_json, write_json
from bench.records.store import folders
from bench.runs.pipeline import Result, Where, execute
from bench.spec.run import Run
from bench.training.progress import Progress

pytestmark = pytest.mark.usefixtures("tiny_source", "small_network")


def test_a_run_that_misses_its_sparsity_leaves_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.methods.magnitude_pruning import MagnitudePruning

    def lie(self: MagnitudePruning, model: Any) -> Any:
        kernel = model.get_layer("scored_pruning_conv1").layer.kernel
        kernel.assign(kernel + 1.0)
        return honest(self, model)

    honest = MagnitudePruning.finish
    monkeypatch.setattr(MagnitudePruning, "finish", lie)
    with pytest.raises(BenchError, match=r"sparsity not reached: conv1 has 0 zeros .* 0.5 was asked"):
        go(tmp_path, tiny_run(arch="small", sparsity=0.5))
    assert not (only_seed_folder(tmp_path) / "run.json").exists()


def test_an_architecture_that_cannot_be_read_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot read .*gone\.py"):
        go(tmp_path, tiny_run(arch=f"{tmp_path}/gone.py:build"))
    assert not list(tmp_path.iterdir())


def test_images_that_are_not_there_leave_no_run(tmp_path: Path) -> None:
    run = Run.of(arch="fc5", dataset="folder", data_name="mine")
    with pytest.raises(BadInput, match="train"):
        execute(run, [FGSM], Where(tmp_path / "results", tmp_path), Progress(quiet=True))
    assert list(folders(tmp_path / "results")) == []


def test_a_clean_accuracy_that_is_not_the_recorded_one_is_refused(finished: Result, copied: Path) -> None:
    record = only_seed_folder(copied) / "run.json"
    body = read_json(record, "bench.run/1")
    body["metrics"]["accuracy"] = 0.123
    write_json(record, "bench.run/1", body)
    other = AttackSpec(FGSM.attack, (0.0, 2.0))
    with pytest.raises(IntegrityError, match=r"at eps 0.*0\.123"):
        go(copied, finished.folder.run, other)
    assert not list(copied.rglob(f"{other.name}*"))


@pytest.mark.parametrize("error", [MemoryError(), tf.errors.ResourceExhaustedError(None, None, "OOM")])
def test_out_of_memory_is_said_with_what_to_do(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("bench.training.loop.Loop.epoch", full)
    with pytest.raises(BenchError, match=r"out of memory at batch size 32: take a smaller --batch-size"):
        go(tmp_path, tiny_run(arch="small"))
    assert not (only_seed_folder(tmp_path) / "run.json").exists()
