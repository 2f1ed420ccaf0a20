"""Times are taken in turn, and the commands say which network they are of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from fakes import diverged, trained
from tiny import stood_in, tiny_run
from whole_runs import only_trained

from bench.cli.main import main
from bench.datasets.base import Dataset
from bench.deployment.formats import format_named
from bench.deployment.latency import WARM, timed_in_turn, timed_row
from bench.records.collection import read
from bench.records.store import Folder
from bench.training.runtime import threads


def test_every_call_is_made_once_a_round_after_warming_up() -> None:
    made: list[str] = []
    times = timed_in_turn({"a": lambda: made.append("a"), "b": lambda: made.append("b")}, 3)
    assert made == ["a"] * WARM + ["b"] * WARM + ["a", "b"] * 3
    assert [len(each) for each in times.values()] == [3, 3]


def test_the_median_and_the_quartiles_are_of_all_calls() -> None:
    found = timed_row("tflite", 1, 1, (1.0, 2.0, 3.0, 4.0, 100.0), 7, 8)
    assert (found.milliseconds, found.low, found.high, found.rounds) == (3.0, 2.0, 4.0, 5)


@pytest.fixture(scope="module")
def made(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of a dense run and of a pruned one, to be copied."""
    results = tmp_path_factory.mktemp("made")
    with stood_in(tiny):
        for sparsity in (0.0, 0.5):
            only_trained(results, tiny_run(arch="small", sparsity=sparsity))
    return results


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_run_is_timed_beside_its_control_and_written_once(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path / "results")
    dense, low = (tiny_run(arch="small", sparsity=sparsity) for sparsity in (0.0, 0.5))
    shown = CliRunner().invoke(main, ["latency", low.name, "--rounds", "2", "--json", "--quiet"])
    assert shown.exit_code == 0, shown.output
    rows = json.loads(shown.output)["latencies"]
    assert [(row["run"], row["batch"]) for row in rows] == [
        (dense.key, 1),
        (low.key, 1),
        (dense.key, 64),
        (low.key, 64),
    ]
    assert all(row["milliseconds"] > 0 for row in rows)
    folder = Folder(tmp_path / "results", low)
    record = folder.latency(folder.trained())
    assert record
    assert [(row.runtime, row.batch, row.milliseconds, row.rounds) for row in record.rows] == [
        ("TensorFlow", row["batch"], row["milliseconds"], 2) for row in rows if row["run"] == low.key
    ]
    found = read(tmp_path / "results")
    assert (found.of(low)[0].latency, found.damaged) == (record, ())
    table = CliRunner().invoke(main, ["latency", low.name, "--rounds", "2", "--quiet"]).output.splitlines()
    assert table[1].split()[-3::2] == ["-", "-"]
    assert table[1].split()[:4] == [dense.key, "TensorFlow", str(threads()), "1"]
    assert float(table[2].split()[-3]) > 0
    pytest.importorskip("ai_edge_litert")
    written = CliRunner().invoke(main, ["export-model", low.name])
    assert written.exit_code == 0, written.output
    assert (tmp_path / f"{low.name}-seed-0.tflite").stat().st_size > 0
    again = CliRunner().invoke(main, ["export-model", low.name])
    assert (again.exit_code, "exists" in again.output) == (2, True)


def test_a_file_that_cannot_be_written_is_refused_before_the_network_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(tmp_path, tiny_run(), 0.8)
    words = ["export-model", tiny_run().name, "--results-dir", str(tmp_path), "--output"]
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: object())
    found = CliRunner().invoke(main, [*words, str(tmp_path / "none" / "net.tflite")])
    assert (found.exit_code, "none is no folder" in found.output) == (2, True), found.output
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: None)
    found = CliRunner().invoke(main, [*words, str(tmp_path / "net.tflite")])
    assert (found.exit_code, "bench-robustness[deploy]" in found.output) == (2, True), found.output


@pytest.mark.parametrize(("words", "other"), [([], "onnx"), (["--format", "onnx"], "tflite")])
def test_a_file_with_the_suffix_of_another_format_is_refused(
    words: list[str], other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.plugins.find_spec", lambda _: object())
    trained(tmp_path, tiny_run(), 0.8)
    output = tmp_path / f"net.{other}"
    words = [*words, "--results-dir", str(tmp_path), "--output", str(output)]
    found = CliRunner().invoke(main, ["export-model", tiny_run().name, *words])
    assert (found.exit_code, f"or --format {other}" in found.output) == (2, True), found.output
    assert not output.exists()


def test_an_interrupted_write_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_model: Any, path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.plugins.find_spec", lambda _: object())
    monkeypatch.setattr("bench.deployment.formats.pkgutil.resolve_name", lambda _: SimpleNamespace(write=stopped))
    with pytest.raises(KeyboardInterrupt):
        format_named("tflite").write(None, tmp_path / "net.tflite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_control_that_diverged_is_not_timed(made: Path, tmp_path: Path) -> None:
    low = tiny_run(arch="small", sparsity=0.5)
    shutil.copytree(Folder(made, low).path, Folder(tmp_path, low).path)
    np.savez(diverged(tmp_path, tiny_run(arch="small")).path / "weights.npz")  # which earlier versions wrote
    words = ["latency", low.name, "--results-dir", str(tmp_path), "--rounds", "1", "--json", "--quiet"]
    shown = CliRunner().invoke(main, words)
    assert shown.exit_code == 0, shown.output
    assert {row["run"] for row in json.loads(shown.output)["latencies"]} == {low.key}


def test_all_trained_seeds_of_a_run_are_timed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timed: list[str] = []
    monkeypatch.setattr("bench.deployment.latency.latencies", lambda found, *_: timed.extend(e.run.key for e in found))
    monkeypatch.setattr("bench.cli.latency._table", lambda *_: "")
    runs = [tiny_run(seed=seed) for seed in range(3)]
    for run in runs[:2]:
        trained(tmp_path, run, 0.8)
    Folder(tmp_path, runs[2]).declare()
    usual = ["--results-dir", str(tmp_path), "--quiet"]
    for names in ([runs[0].name], [runs[1].key], [runs[1].key, runs[0].name]):
        shown = CliRunner().invoke(main, ["latency", *names, *usual])
        assert shown.exit_code == 0, shown.output
    keys = [run.key for run in runs]
    assert [timed[:2], timed[2:3], sorted(timed[3:])] == [keys[:2], keys[1:2], keys[:2]]


def test_threads_of_files_without_a_file_are_refused(tmp_path: Path) -> None:
    found = CliRunner().invoke(main, ["latency", "a", "--threads", "2", "--results-dir", str(tmp_path)])
    assert (found.exit_code, "--threads has no effect without --format" in found.output) == (2, True), found.output


def test_a_run_without_weights_is_refused(tmp_path: Path) -> None:
    found = CliRunner().invoke(main, ["latency", "fc5-b32", "--results-dir", str(tmp_path)])
    assert found.exit_code == 2
    assert "there is none under" in found.output
