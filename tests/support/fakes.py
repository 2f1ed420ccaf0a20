"""Records of runs that never ran, written by the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.attacks.spec import AttackSpec, attack_specs
from bench.records.files import read_json, write_json
from bench.records.outcomes import Outcomes
from bench.records.schema import (
    AttackRecord,
    DataRecord,
    EnvironmentRecord,
    KernelRow,
    Metrics,
    RadiusRow,
    ThreatRecord,
    TrainingRecord,
    Volatile,
)
from bench.records.store import Folder
from bench.spec.architectures import source_of
from bench.spec.ranks import FullRank
from bench.spec.run import Run

EPS = (0.0, 1.0, 4.0)
IMAGES = 200
CLASSES = 10
STARTED = "2026-01-01T00:00:00+00:00"
FINGERPRINT = "f" * 64
ENVIRONMENT = EnvironmentRecord(versions={"bench": "0"}, commit="abc")


def volatile(started: str = STARTED) -> Volatile:
    return Volatile(started=started, seconds=60.0, host="somewhere")


def data_record(fingerprint: str = FINGERPRINT) -> DataRecord:
    classes = [str(n) for n in range(CLASSES)]
    return DataRecord(name="fake", fingerprint=fingerprint, classes=classes, train=100, val=IMAGES)


def fake(
    results: Path,
    run: Run,
    accuracies: Sequence[float] = (0.8, 0.5, 0.1),
    by_attack: Mapping[str, Any] | None = None,
    *,
    version: int = 1,
    started: str = STARTED,
    data: str = FINGERPRINT,
) -> Folder:
    """Record ``run`` with these accuracies at 0, 1 and 4 levels, under every attack or, ``by_attack``, under one."""
    folder = trained(results, run, accuracies[0], version=version, started=started, data=data)
    for spec in attack_specs(run, [], EPS, 1.0):
        fake_attack(folder, spec, (by_attack or {}).get(str(spec.attack), accuracies))
    return folder


def made_up(run: Run, accuracy: float) -> Metrics:
    """Return metrics that follow from the run and are not measured."""
    sparsity = run.sparsity
    smaller = 1 if run.low_rank == FullRank() else 2
    zeros = round(1000 * sparsity)
    kernel = KernelRow(
        layer="fc1",
        shape=[10, 100],
        size=1000,
        zeros=zeros,
        sparsity=sparsity,
        macs=1000,
        macs_nonzero=1000 - zeros,
        spectral_norm=2.0,
    )
    return Metrics(
        accuracy=accuracy,
        sparsity=sparsity,
        sparsity_whole=sparsity * 0.99,
        parameters=1000 // smaller,
        parameters_nonzero=(1000 - zeros) // smaller,
        macs=5000 // smaller,
        macs_nonzero=(5000 - round(5000 * sparsity)) // smaller,
        gzip_bytes=3000 - round(2000 * sparsity),
        spectral_product=10.0,
        batch_norm_norms={},
        kernels=[kernel],
        low_rank=[],
    )


def trained(
    results: Path,
    run: Run,
    accuracy: float,
    *,
    version: int = 1,
    started: str = STARTED,
    data: str = FINGERPRINT,
    measured: Mapping[str, Any] | None = None,
) -> Folder:
    """Record the training of ``run``, without an attack; nothing where it is recorded already.

    ``measured``: metrics that are not to be those made up from the run.
    """
    folder = Folder(results, run)
    if folder.training() is not None:
        return folder
    folder.declare()
    record = TrainingRecord(
        version=version,
        run=str(run),
        settings=run.settings,
        start=None,
        source=source_of(run.arch),
        data=data_record(data),
        environment=ENVIRONMENT,
        status="done",
        metrics=made_up(run, accuracy).model_copy(update=measured or {}),
        history=[],
        volatile=volatile(started),
    )
    folder.write_training(record, {"w": np.zeros(1, np.float32)})
    return folder


def diverged(results: Path, run: Run) -> Folder:
    """Record ``run`` as diverged."""
    folder = Folder(results, run)
    folder.declare()
    record = TrainingRecord(
        version=1,
        run=str(run),
        settings=run.settings,
        source=source_of(run.arch),
        data=data_record(),
        environment=ENVIRONMENT,
        status="diverged",
        epoch=2,
        history=[],
        volatile=volatile(),
    )
    folder.write_training(record, {})
    return folder


def fake_attack(folder: Folder, spec: AttackSpec, accuracies: Sequence[float], seed: int = 0) -> None:
    """Record an attack; the images that fall at a smaller eps have fallen at a larger one."""
    order = np.random.default_rng([folder.run.seed, seed]).permutation(IMAGES)
    fake_outcome(folder, spec, np.stack([order < round(accuracy * IMAGES) for accuracy in accuracies]))


def fake_outcome(
    folder: Folder, spec: AttackSpec, right: NDArray[np.bool_], *, zero: float = 0.0, version: int | None = None
) -> None:
    """Record an attack under which the images are classified correctly where ``right``, shape (radii, images), says so."""
    images = right.shape[1]
    training = folder.training()
    assert training is not None
    outcomes = Outcomes(spec.eps, np.arange(images), np.zeros(images, np.int64), np.where(right, 0, 1))
    threat = spec.attack.threat(folder.run.temperature)
    record = AttackRecord(
        version=spec.attack.version if version is None else version,
        attack=str(spec.attack),
        threat=ThreatRecord(norm=spec.attack.norm.name, trained_temperature=folder.run.temperature, **vars(threat)),
        images=images,
        fraction=spec.fraction,
        gradient_zero_images=zero,
        gradient_zero_pixels=zero,
        gradient_not_finite=0,
        rows=[RadiusRow(**row) for row in outcomes.rows()],
        weights=training.weights,
        data=training.data.fingerprint,
        environment=ENVIRONMENT,
        volatile=volatile(),
    )
    folder.attacks.write(spec.name, record, outcomes.arrays())


def lacking(key: str) -> Callable[[Path], None]:
    """Return what writes a record again without ``key``, so that it still verifies."""

    def rewrite(path: Path) -> None:
        schema = "bench.run/1" if path.name == "run.json" else "bench.attack/2"
        write_json(path, schema, {name: value for name, value in read_json(path, schema).items() if name != key})

    return rewrite


def tear(path: Path) -> None:
    """Cut off the end of a file, as a copy that breaks off does."""
    path.write_bytes(path.read_bytes()[:-20])


def forbid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system refuse to read ``path``, even to the superuser."""

    def refused(call: Callable[..., Any]) -> Callable[..., Any]:
        def checked(self: Path, *words: Any, **extra: Any) -> Any:
            if self == path:
                raise PermissionError(13, "Permission denied", str(path))
            return call(self, *words, **extra)

        return checked

    calls = ("read_bytes", "iterdir") if path.suffix != ".txt" else ("exists",)
    for name in calls:
        monkeypatch.setattr(Path, name, refused(getattr(Path, name)))
