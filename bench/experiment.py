"""The two kinds of work that leave a record: train and measure, and attack. Importing this starts TensorFlow."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from bench import runtime, training
from bench.datasets.base import Dataset, Split
from bench.errors import BadInput, IntegrityError
from bench.evaluation import CHUNK, classes, judge
from bench.gallery import gallery
from bench.interruption import stopping
from bench.methods import methods_of
from bench.methods.base import Method
from bench.methods.svd_start import SvdStart
from bench.metrics import check_sparsity, measure
from bench.networks import finished, restore, weights_of
from bench.progress import Progress
from bench.store import Folder, Record
from bench.trial import Trial
from bench.view import Classifier

# Spread over the classes; batch statistics of 128 images are what a step of the usual batch size sees.
CALIBRATION = 128


def train(folder: Folder, data: Dataset, progress: Progress, leave: Collection[int] = ()) -> Record:
    """Train the run of ``folder`` on ``data``, measure the network it leaves, record both and return the record.

    ``leave``: the numbers of steps after which to leave the state for runs that prune later.
    A training that diverges is recorded as such, without weights or metrics. Raises BenchError, and records nothing, where
    a kernel misses its sparsity.
    """
    run, clock = folder.run, _Clock()
    start, origin = _start(folder, data)
    methods = methods_of(run, run.steps(len(data.train)), start)
    body: Record = {
        "settings": run.settings,
        "run": str(run),
        "start": origin,
        "data": _describe(data),
        "environment": runtime.environment(),
    }
    try:
        with stopping() as stop:
            trained = training.train(run, data, folder, methods, progress, stop, origin, leave)
    except training.Diverged as diverged:
        progress.say(str(diverged))
        end = {"status": "diverged", "epoch": diverged.epoch + 1, "history": diverged.history}
        return folder.write_training({**body, **end, "volatile": clock.read()}, {})
    weights = weights_of(finished(trained.model, methods))
    model = restore(run, len(data.classes), weights, methods)
    progress.say("measuring")
    metrics = measure(model)
    check_sparsity(metrics["kernels"], run.sparsity)
    metrics["accuracy"] = accuracy(Classifier(model), data.val)
    end = {"status": "done", "metrics": metrics, "history": trained.history}
    return folder.write_training({**body, **end, "volatile": clock.read()}, weights)


def _start(folder: Folder, data: Dataset) -> tuple[Method | None, dict[str, str] | None]:
    """Return the method that sets the weights to start from, and what the record says of where they came from."""
    source = folder.start()
    if source is None:
        return None, None
    record = source.training()
    if record is None or record["status"] != "done" or record["data"]["fingerprint"] != data.fingerprint:
        raise BadInput(f"--from {source.run.name} diverged, or was trained on other images: it cannot be started from")
    full = restore(source.run, len(data.classes), source.weights(record))
    chosen = np.linspace(0, len(data.train) - 1, min(CALIBRATION, len(data.train))).astype(np.int64)
    origin = {"run": source.run.name, "weights": record["artefacts"]["weights.npz"]["sha256"]}
    return SvdStart(full, data.train.images[chosen].astype(np.float32)), origin


def accuracy(view: Classifier, images: Split) -> float:
    """Return the share of ``images`` that the network classifies rightly, in inference mode and float32."""
    right = 0
    for start in range(0, len(images), CHUNK):
        found = classes(view, images.images[start : start + CHUNK].astype(np.float32))
        right += int((found == images.labels[start : start + CHUNK]).sum())
    return right / len(images)


def attack(folder: Folder, trained: Record, trials: Sequence[Trial], data: Dataset, progress: Progress) -> None:
    """Attack the network that ``trained`` records with each trial and record what it did."""
    run = folder.run
    methods = methods_of(run, run.steps(len(data.train)))
    view = Classifier(restore(run, len(data.classes), folder.weights(trained), methods), run.temperature)
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
    threat = {
        "norm": "L-infinity",
        "eps_unit": "pixel levels",
        "box": [0, 255],
        "trained_temperature": folder.run.temperature,
        **asdict(trial.attack.threat(folder.run.temperature)),
    }
    zeros = {
        "gradient_zero_images": view.zero_images,
        "gradient_zero_pixels": view.zero_pixels,
        "gradient_not_finite": view.broken,
    }
    folder.write_gallery(trial, gallery(trial.attack, view, chosen, trial.eps))
    record = {
        "attack": str(trial.attack),
        "threat": threat,
        "images": len(chosen),
        "fraction": trial.fraction,
        **zeros,
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
            "threads": runtime.threads(),
        }
