"""The column of milliseconds: one machine, one runtime, and nothing where nothing was timed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import ENVIRONMENT, fake

from bench.comparison.standing import standings
from bench.records.collection import read
from bench.records.schema import LatencyRecord, LatencyRow
from bench.records.store import Folder
from bench.report.answer import Answer
from bench.report.leaderboard import leaderboard
from bench.report.tables.milliseconds import milliseconds
from bench.report.tables.table import Table
from bench.spec.run import Run

DENSE = Run.of(arch="fc5", dataset="synthetic", image_size=32)
SPARSE = Run.of(arch="fc5", dataset="synthetic", image_size=32, sparsity=0.9)


def row(runtime: str, time: float, batch: int = 1, threads: int = 1) -> LatencyRow:
    return LatencyRow(
        runtime=runtime,
        threads=threads,
        batch=batch,
        rounds=3,
        milliseconds=time,
        low=time,
        high=time,
        bytes=None,
        macs=1,
    )


def time(folder: Folder, *rows: LatencyRow, machine: str = "this", weights: str = "") -> None:
    training = folder.training()
    assert training
    folder.write_latency(
        LatencyRecord(
            version=1, environment=ENVIRONMENT, machine=machine, rows=list(rows), weights=weights or training.weights
        )
    )


def table(results: Path) -> Table:
    records = read(results)
    return leaderboard(records, Answer(tuple(standings(records)), len(records.networks)))[0]


def test_without_a_timing_there_is_no_column(tmp_path: Path) -> None:
    fake(tmp_path, DENSE)
    assert "milliseconds" not in [column.name for column in table(tmp_path).columns]
    assert milliseconds(read(tmp_path)) is None


def test_a_file_goes_before_tensorflow_at_one_image_a_call_and_seeds_are_averaged(tmp_path: Path) -> None:
    second = Run.of(**{**DENSE.settings, "seed": 1})
    for run, time_of in ((DENSE, 2.0), (second, 4.0)):
        time(fake(tmp_path, run), row("TensorFlow", 9.0), row("tflite", time_of), row("tflite", 70.0, batch=64))
    found = table(tmp_path)
    assert [cell.number for cell in found.column("milliseconds")] == [pytest.approx(3.0)]
    assert "as a file of the format tflite, 1 thread, on this" in found.notes[-1]


def test_times_of_another_machine_or_runtime_are_not_mixed(tmp_path: Path) -> None:
    pruned = [Run.of(**{**SPARSE.settings, "sparsity": each}) for each in (0.5, 0.8)]
    for run in pruned:
        time(fake(tmp_path, run), row("TensorFlow", 5.0, threads=2))
    time(fake(tmp_path, DENSE), row("TensorFlow", 1.0, threads=2), row("tflite", 1.0), machine="another")
    fake(tmp_path, SPARSE)
    found = table(tmp_path)
    cells = found.column("milliseconds")
    assert sorted(cell.text for cell in cells) == ["5.00", "5.00", "—", "—"]
    assert f"bench latency {SPARSE.name}" in {cell.command for cell in cells}
    assert "2 threads, on this" in found.notes[-1]
    assert "Timed otherwise and left out: 1." in found.notes[-1]


def test_a_timing_of_other_weights_is_left_out_and_named(tmp_path: Path) -> None:
    time(fake(tmp_path, DENSE), row("tflite", 1.0), weights="0" * 64)
    records = read(tmp_path)
    assert records.of(DENSE)[0].latency is None
    assert [each.what for each in records.damaged] == [f"{DENSE.name}/seed-0/latency.json"]
