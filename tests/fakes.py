"""Records of runs that never ran, written by the suite's own store: for what reads records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.evaluation import Outcome
from bench.files import read_json, write_json
from bench.ranks import FullRank
from bench.spec import Run
from bench.store import ATTACK_SCHEMA, RUN_SCHEMA, Folder
from bench.trial import Trial, trials_of

EPS = (0.0, 1.0, 4.0)
IMAGES = 200
CLASSES = 10
VOLATILE = {"started": "2026-01-01T00:00:00+00:00", "seconds": 60.0, "host": "somewhere"}
DATA = {
    "name": "fake",
    "fingerprint": "f" * 64,
    "classes": [str(n) for n in range(CLASSES)],
    "train": 100,
    "val": IMAGES,
}


def fake(
    results: Path,
    run: Run,
    accuracies: Sequence[float] = (0.8, 0.5, 0.1),
    by_attack: Mapping[str, Any] | None = None,
    *,
    code: str = "c" * 16,
    started: str = VOLATILE["started"],
    data: str = DATA["fingerprint"],
) -> Folder:
    """Record ``run`` with these accuracies at 0, 1 and 4 levels, under every attack or, ``by_attack``, under one."""
    folder = trained(results, run, accuracies[0], code=code, started=started, data=data)
    for trial in trials_of(run, [], EPS, 1.0):
        fake_attack(folder, trial, (by_attack or {}).get(str(trial.attack), accuracies), code=code)
    return folder


def _made_up(run: Run, accuracy: float) -> dict[str, Any]:
    """Return metrics that follow from the run and are not measured."""
    sparsity = run.sparsity
    smaller = 1 if run.low_rank == FullRank() else 2
    return {
        "accuracy": accuracy,
        "sparsity": sparsity,
        "sparsity_whole": sparsity * 0.99,
        "parameters": 1000 // smaller,
        "parameters_nonzero": (1000 - round(1000 * sparsity)) // smaller,
        "macs": 5000 // smaller,
        "macs_nonzero": (5000 - round(5000 * sparsity)) // smaller,
        "gzip_bytes": 3000 - round(2000 * sparsity),
        "spectral_product": 10.0,
        "batch_norm_norms": {},
        "low_rank": [],
        "kernels": [{"layer": "fc1", "spectral_norm": 2.0, "sparsity": sparsity}],
    }


def trained(
    results: Path,
    run: Run,
    accuracy: float,
    *,
    code: str = "c" * 16,
    started: str = VOLATILE["started"],
    data: str = DATA["fingerprint"],
    measured: Mapping[str, Any] | None = None,
) -> Folder:
    """Record the training of ``run``, without an attack; nothing where it is recorded already.

    ``measured``: metrics that are not to be those made up from the run.
    """
    folder = Folder(results, run)
    if folder.training() is not None:
        return folder
    folder.declare()
    training = {
        "settings": run.settings,
        "run": str(run),
        "start": None,
        "data": {**DATA, "fingerprint": data},
        "environment": {"code": code, "commit": "abc", "versions": {"bench": "0"}},
        "status": "done",
        "metrics": {**_made_up(run, accuracy), **(measured or {})},
        "history": [],
        "volatile": {**VOLATILE, "started": started},
    }
    folder.write_training(training, {"w": np.zeros(1, np.float32)})
    return folder


def diverged(results: Path, run: Run) -> Folder:
    """Record ``run`` as diverged."""
    folder = Folder(results, run)
    folder.declare()
    body = {"settings": run.settings, "run": str(run), "start": None, "data": DATA, "status": "diverged", "epoch": 2}
    environment = {"code": "c" * 16, "commit": "abc", "versions": {"bench": "0"}}
    folder.write_training({**body, "environment": environment, "history": [], "volatile": VOLATILE}, {})
    return folder


def fake_attack(folder: Folder, trial: Trial, accuracies: Sequence[float], seed: int = 0, code: str = "c" * 16) -> None:
    """Record an attack; the images that fall at a smaller eps have fallen at a larger one."""
    order = np.random.default_rng([folder.run.seed, seed]).permutation(IMAGES)
    fake_outcome(folder, trial, np.stack([order < round(accuracy * IMAGES) for accuracy in accuracies]), code=code)


def fake_outcome(
    folder: Folder, trial: Trial, right: NDArray[np.bool_], *, zero: float = 0.0, code: str = "c" * 16
) -> None:
    """Record an attack under which the images are classified rightly where ``right``, shape (radii, images), says so."""
    images = right.shape[1]
    training = folder.training() or {}
    outcome = Outcome(trial.eps, np.zeros(images, np.int64), np.where(right, 0, 1))
    record = {
        "attack": str(trial.attack),
        "threat": {
            "norm": "L-infinity",
            "eps_unit": "pixel levels",
            "box": [0, 255],
            "trained_temperature": folder.run.temperature,
            **vars(trial.attack.threat(folder.run.temperature)),
        },
        "images": images,
        "fraction": trial.fraction,
        "gradient_zero_images": zero,
        "gradient_zero_pixels": zero,
        "gradient_not_finite": 0,
        "rows": outcome.rows(),
        "weights": training["artefacts"]["weights.npz"]["sha256"],
        "data": training["data"]["fingerprint"],
        "environment": {"code": code},
        "volatile": VOLATILE,
    }
    folder.write_attack(trial, record, outcome.arrays(np.arange(images)))


def lacking(key: str) -> Callable[[Path], None]:
    """Return what writes a record again without ``key``, so that it still verifies."""

    def rewrite(path: Path) -> None:
        schema = RUN_SCHEMA if path.name == "run.json" else ATTACK_SCHEMA
        write_json(path, schema, {name: value for name, value in read_json(path, schema).items() if name != key})

    return rewrite


def tear(path: Path) -> None:
    """Cut off the end of a file, as a copy that breaks off does."""
    path.write_bytes(path.read_bytes()[:-20])
