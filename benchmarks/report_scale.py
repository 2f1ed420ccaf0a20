"""Seconds and memory of a whole ``bench report`` on thousands of runs: every run of a grid at as many seeds as needed."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bench.attacks.spec import AttackSpec
from bench.records.outcomes import Outcomes
from bench.records.schema import (
    AttackRecord,
    DataRecord,
    EnvironmentRecord,
    EpochRow,
    KernelRow,
    Metrics,
    RadiusRow,
    ThreatRecord,
    TrainingRecord,
    Volatile,
)
from bench.records.store import Folder
from bench.runs.grid import GridRun, load
from bench.spec.run import Run
from bench.training.version import TRAINING

VALIDATION = 3925
CLASSES = 10
KERNELS = 21
FINGERPRINT = "f" * 64
ENVIRONMENT = EnvironmentRecord(
    versions=dict.fromkeys(("bench", "python", "tensorflow", "tf_keras", "numpy", "pillow"), "0.0.0"),
    device=["CPU x86_64"],
    platform="Linux x86_64",
    commit="0000000",
    deterministic=True,
)
VOLATILE = Volatile(started="2026-01-01T00:00:00+00:00", seconds=60.0, host="somewhere", threads=2)
ODD = 50  # one run in 50 diverged, and the next one failed


@click.command()
@click.option("--runs", default=5000, show_default=True, help="folders RUN/seed-N, each with every file of a record")
@click.option("--grid", default="internship", show_default=True)
@click.option(
    "--images", default=785, show_default=True, help=f"attacked ones, drawn of {VALIDATION:,} anew at each seed"
)
@click.option("--records", type=click.Path(path_type=Path), help="make the records here, or use those that are here")
def main(runs: int, grid: str, images: int, records: Path | None) -> None:
    """Make the records, then the report of them in a process of its own, and print what it took."""
    with tempfile.TemporaryDirectory() as temporary:
        results = records or Path(temporary) / "results"
        if not results.exists():
            began = time.perf_counter()
            os.fsync = lambda _: None  # type: ignore[assignment]  # these files need not outlive a power cut
            _record(results, grid, runs, images)
            click.echo(f"{runs:,} runs recorded in {time.perf_counter() - began:.0f} s")
        _report(results, Path(temporary) / "reports", grid)


def _report(results: Path, output: Path, grid: str) -> None:
    """Run the command and print each of its messages with the second it came at, then time and memory."""
    words = ["report", "--results-dir", str(results), "--output", str(output), "--grid", grid]
    command = [sys.executable, "-c", "from bench.cli.main import main; main()", *words]
    began = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    for line in process.stderr:
        click.echo(f"{time.perf_counter() - began:7.1f} s  {line.rstrip()}")
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    click.echo(
        f"exit {process.returncode}; {seconds:.1f} s of the clock; {used.ru_utime:.1f} s of a processor for the program and "
        f"{used.ru_stime:.1f} s for the system; at most {peak / 1e6:,.0f} MB in memory of one process"
    )


def _record(results: Path, name: str, runs: int, images: int) -> None:
    grid = load(name)
    cells = list(itertools.islice(_cells(name), runs))
    difficulty = np.random.default_rng(0).normal(size=VALIDATION)
    for number, cell in enumerate(cells):
        folder, state = Folder(results, cell.run), number % ODD
        folder.declare()
        if state == 1:
            folder.last_exit.write_text('{"code": 1}')
            folder.log.write_text("epoch 3: the network is not finite\n")
        elif state == 0:
            ended = {"status": "diverged", "epoch": 3, "metrics": None}
            folder.write_training(_training(cell.run, 0).model_copy(update=ended), {})
        else:
            _outcomes(folder, cell, difficulty, images / VALIDATION if grid.fraction == 1 else grid.fraction)


def _cells(name: str) -> Iterator[GridRun]:
    grid = load(name)
    for seed in itertools.count():
        yield from grid.cells(grid.figures, [seed])[0]


def _outcomes(folder: Folder, cell: GridRun, difficulty: NDArray[np.float64], fraction: float) -> None:
    """Record a training and its attacks; accuracy falls with eps and a little with sparsity, and varies with the seed."""
    run = cell.run
    draw = np.random.default_rng([run.seed, *run.name.encode()])
    level = norm.ppf(0.78 - 0.1 * run.sparsity + draw.normal(0, 0.01))
    training = folder.write_training(_training(run, float(norm.cdf(level))), {"w": np.zeros(1, np.float32)})
    sight = 0.87 * difficulty + 0.5 * draw.normal(size=VALIDATION)
    for spec in cell.specs:
        kept = AttackSpec(spec.attack, spec.eps, fraction).subset(run, VALIDATION)
        fall = np.log1p(spec.eps) * (1.0 if "margin" in str(spec.attack) or run.temperature == 1 else 0.7)
        labels = kept % CLASSES
        right = sight[kept] < (level - 0.8 * fall)[:, None]
        outcomes = Outcomes(spec.eps, kept, labels, np.where(right, labels, (labels + 1) % CLASSES))
        folder.attacks.write(spec.name, _attack(run, spec, outcomes, training, fraction), outcomes.arrays())


def _training(run: Run, accuracy: float) -> TrainingRecord:
    left = 1 - run.sparsity
    kernels = [
        KernelRow(
            layer=f"conv{n}",
            shape=[3, 3, 64, 64],
            size=36864,
            zeros=round(36864 * run.sparsity),
            sparsity=run.sparsity,
            macs=150994944,
            macs_nonzero=round(150994944 * left),
            spectral_norm=1.885,
        )
        for n in range(KERNELS)
    ]
    metrics = Metrics(
        accuracy=accuracy,
        sparsity=run.sparsity,
        sparsity_whole=run.sparsity * 0.99,
        parameters=11_000_000,
        parameters_nonzero=round(11_000_000 * left),
        macs=140_000_000,
        macs_nonzero=round(140_000_000 * left),
        gzip_bytes=round(41_000_000 * left),
        spectral_product=46.9,
        batch_norm_norms={f"norm{n}": 1.5 for n in range(KERNELS)},
        kernels=kernels,
        low_rank=[],
    )
    history = [
        EpochRow(epoch=n, loss=1 / (n + 1), accuracy=n / 20, learning_rate=0.1, sparsity=0.0) for n in range(run.epochs)
    ]
    classes = [f"n{n:08}" for n in range(CLASSES)]
    return TrainingRecord(
        version=TRAINING,
        run=str(run),
        settings=run.settings,
        data=DataRecord(name="imagenette", fingerprint=FINGERPRINT, classes=classes, train=9469, val=VALIDATION),
        environment=ENVIRONMENT,
        status="done",
        metrics=metrics,
        history=history,
        volatile=VOLATILE,
    )


def _attack(run: Run, spec: AttackSpec, outcomes: Outcomes, training: TrainingRecord, fraction: float) -> AttackRecord:
    threat = spec.attack.threat(run.temperature)
    return AttackRecord(
        version=spec.attack.version,
        attack=str(spec.attack),
        threat=ThreatRecord(norm=spec.attack.norm.name, trained_temperature=run.temperature, **vars(threat)),
        images=len(outcomes.labels),
        fraction=fraction,
        gradient_zero_images=0.0,
        gradient_zero_pixels=0.0,
        rows=[RadiusRow(**row) for row in outcomes.rows()],
        weights=training.weights,
        data=FINGERPRINT,
        environment=ENVIRONMENT,
        volatile=VOLATILE,
    )


if __name__ == "__main__":
    main()
