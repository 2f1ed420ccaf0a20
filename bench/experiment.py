"""The two kinds of work that leave a record: train and measure, and attack. Importing this starts TensorFlow."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from bench import runtime, training
from bench.datasets.base import Dataset, Split
from bench.errors import IntegrityError
from bench.evaluation import CHUNK, classes, judge
from bench.interruption import stopping
from bench.methods import methods_of
from bench.metrics import check_sparsity, measure
from bench.networks import finished, restore, weights_of
from bench.progress import Progress
from bench.store import Folder, Record
from bench.trial import Trial
from bench.view import Classifier


def train(folder: Folder, data: Dataset, progress: Progress) -> Record:
    """Train the run of ``folder`` on ``data``, measure the network it leaves, record both and return the record.

    A training that diverges is recorded as such, without weights or metrics. Raises BenchError, and records nothing, where
    a kernel misses its sparsity.
    """
    run, clock = folder.run, _Clock()
    methods = methods_of(run, run.steps(len(data.train)))
    body: Record = {
        "settings": run.settings,
        "run": str(run),
        "data": _describe(data),
        "environment": runtime.environment(),
    }
    try:
        with stopping() as stop:
            trained = training.train(run, data, folder, methods, progress, stop)
    except training.Diverged as diverged:
        progress.say(str(diverged))
        end = {"status": "diverged", "epoch": diverged.epoch + 1, "history": diverged.history}
        return folder.write_training({**body, **end, "volatile": clock.read()}, {})
    weights = weights_of(finished(trained.model, methods))
    model = restore(run, len(data.classes), weights)
    progress.say("measuring")
    metrics = measure(model)
    check_sparsity(metrics["kernels"], run.sparsity)
    metrics["accuracy"] = accuracy(Classifier(model), data.val)
    end = {"status": "done", "metrics": metrics, "history": trained.history}
    return folder.write_training({**body, **end, "volatile": clock.read()}, weights)


def accuracy(view: Classifier, images: Split) -> float:
    """Return the share of ``images`` that the network classifies rightly, in inference mode and float32."""
    right = 0
    for start in range(0, len(images), CHUNK):
        found = classes(view, images.images[start : start + CHUNK].astype(np.float32))
        right += int((found == images.labels[start : start + CHUNK]).sum())
    return right / len(images)


def attack(folder: Folder, trained: Record, trials: Sequence[Trial], data: Dataset, progress: Progress) -> None:
    """Attack the network that ``trained`` records with each trial and record what it did."""
    view = Classifier(restore(folder.run, len(data.classes), folder.weights(trained)))
    for trial in trials:
        _attack_once(folder, trained, trial, view, data, progress)


def _attack_once(
    folder: Folder, trained: Record, trial: Trial, view: Classifier, data: Dataset, progress: Progress
) -> None:
    clock = _Clock()
    progress.say(f"attacking: {trial}")
    indices = trial.subset(folder.run, len(data.val))
    names = tuple(data.val.names[index] for index in indices)
    chosen = Split(data.val.images[indices], data.val.labels[indices], names)
    view.forget()
    outcome = judge(trial.attack, view, chosen, trial.eps, progress.counter(str(trial)))
    rows, clean = outcome.rows(), trained["metrics"]["accuracy"]
    if trial.fraction == 1 and rows[0]["accuracy"] != clean:
        raise IntegrityError(
            f"{trial} at eps 0 finds accuracy {rows[0]['accuracy']}: expected the recorded clean one, {clean}; "
            "the machine or the libraries are others than in training: start over with --restart"
        )
    record = {
        "attack": str(trial.attack),
        "threat": {
            "norm": "L-infinity",
            "eps_unit": "pixel levels",
            "box": [0, 255],
            "knowledge": trial.attack.threat,
        },
        "images": len(chosen),
        "fraction": trial.fraction,
        "gradient_zero_images": view.zero_images,
        "gradient_zero_pixels": view.zero_pixels,
        "gradient_not_finite": view.broken,
        "rows": rows,
        "weights": trained["artefacts"]["weights.npz"]["sha256"],
        "data": data.fingerprint,
        "environment": runtime.environment(),
        "volatile": clock.read(),
    }
    folder.write_attack(trial, record, outcome.arrays(indices))


def _describe(data: Dataset) -> dict[str, Any]:
    return {
        "name": data.name,
        "fingerprint": data.fingerprint,
        "classes": list(data.classes),
        "train": len(data.train),
        "val": len(data.val),
        "skipped": list(data.skipped),
    }


class _Clock:
    """When work began and how long it took; a wall clock set back makes no duration negative."""

    def __init__(self) -> None:
        self._began, self._started = time.monotonic(), datetime.now(UTC)

    def read(self) -> dict[str, Any]:
        return {
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._began, 3),
            "host": socket.gethostname(),
        }
