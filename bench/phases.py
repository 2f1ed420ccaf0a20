"""A run from its spec to its records: train, measure, attack, each once. What is recorded is not done again."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.datasets import DATASETS
from bench.datasets.base import Dataset, Split
from bench.errors import IntegrityError
from bench.interruption import stopping
from bench.progress import Progress
from bench.spec import Run
from bench.store import Folder, Record
from bench.trial import Trial


@dataclass(frozen=True)
class Where:
    """Where a run finds its images and leaves its records."""

    results: Path
    data_dir: Path | None = None
    skip_broken: bool = False


@dataclass(frozen=True)
class Result:
    """The records of a run: of its training and of each attack asked for. ``worked`` tells whether anything was done."""

    folder: Folder
    training: Record
    attacks: dict[str, Record]
    worked: bool

    @property
    def diverged(self) -> bool:
        """Whether the training ended in a loss that is not a number."""
        return bool(self.training["status"] == "diverged")


def execute(run: Run, trials: Sequence[Trial], where: Where, progress: Progress, restart: bool = False) -> Result:
    """Bring ``run`` to the state in which its training and every trial are recorded, doing only what is missing.

    Raises Locked where another process is at it, IntegrityError where a record or the data are not what they were,
    BadInput where data or schedule do not fit. ``restart`` first removes what the run left.
    """
    folder = Folder(where.results, run)
    with folder.lock():
        if restart:
            folder.clear()
        training = folder.training()
        if training and _is_whole(folder, training, trials) and DATASETS[run.dataset].named and not where.data_dir:
            return _result(folder, training, trials, worked=False)
        data = _load(run, where, progress)
        if training and training["data"]["fingerprint"] != data.fingerprint:
            raise IntegrityError(
                f"{folder.path} was trained on other images ({training['data']['fingerprint'][:12]}, now "
                f"{data.fingerprint[:12]}): choose another --results-dir, or start over with --restart"
            )
        return _work(folder, training, trials, data, progress)


def _is_whole(folder: Folder, training: Record, trials: Sequence[Trial]) -> bool:
    return training["status"] == "diverged" or all(folder.attack(trial) for trial in trials)


def _load(run: Run, where: Where, progress: Progress) -> Dataset:
    source = DATASETS[run.dataset]
    return source.load(run.image_size, where.data_dir, where.skip_broken, progress.say, progress.counter("images"))


def _work(
    folder: Folder, training: Record | None, trials: Sequence[Trial], data: Dataset, progress: Progress
) -> Result:
    run = folder.run
    if run.sparsity:
        run.schedule.resolve(run.steps(len(data.train)))  # refuse before the seconds that TensorFlow takes to start
    worked = False
    if training is None:
        training, worked = _train(folder, data, progress), True
    missing = [] if training["status"] == "diverged" else [trial for trial in trials if not folder.attack(trial)]
    if missing:
        _attack(folder, training, missing, data, progress)
    if missing or (trials and not folder.curve.exists() and training["status"] == "done"):
        from bench.report.curve import draw

        draw(folder.curve, run, len(data.classes), [folder.attack(trial) or {} for trial in trials])
    return _result(folder, training, trials, worked or bool(missing))


def _result(folder: Folder, training: Record, trials: Sequence[Trial], worked: bool) -> Result:
    found = {trial.name: record for trial in trials if (record := folder.attack(trial))}
    return Result(folder, training, found, worked)


def _train(folder: Folder, data: Dataset, progress: Progress) -> Record:
    from bench import runtime

    runtime.prepare()
    from bench import training
    from bench.methods import methods_of
    from bench.metrics import check_sparsity, measure
    from bench.networks import finished, restore, weights_of
    from bench.view import Classifier

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
        record = {
            **body,
            "status": "diverged",
            "epoch": diverged.epoch + 1,
            "history": diverged.history,
            "volatile": clock.read(),
        }
        folder.write_training(record, {})
        return record
    weights = weights_of(finished(trained.model, methods))
    model = restore(run, len(data.classes), weights)
    progress.say("measuring")
    metrics = measure(model)
    check_sparsity(metrics["kernels"], run.sparsity)
    metrics["accuracy"] = _accuracy(Classifier(model), data.val)
    record = {**body, "status": "done", "metrics": metrics, "history": trained.history, "volatile": clock.read()}
    folder.write_training(record, weights)
    return folder.training() or {}


def _accuracy(view: Any, images: Split) -> float:
    from bench.evaluation import CHUNK, classes

    right = 0
    for start in range(0, len(images), CHUNK):
        found = classes(view, images.images[start : start + CHUNK].astype("float32"))
        right += int((found == images.labels[start : start + CHUNK]).sum())
    return right / len(images)


def _attack(folder: Folder, training: Record, trials: Sequence[Trial], data: Dataset, progress: Progress) -> None:
    from bench import runtime

    weights = folder.weights(training)
    runtime.prepare()
    from bench.networks import restore
    from bench.view import Classifier

    view = Classifier(restore(folder.run, len(data.classes), weights))
    for trial in trials:
        _attack_once(folder, training, trial, view, data, progress)


def _attack_once(folder: Folder, training: Record, trial: Trial, view: Any, data: Dataset, progress: Progress) -> None:
    from bench import runtime
    from bench.evaluation import judge

    clock = _Clock()
    indices = trial.subset(folder.run, len(data.val))
    chosen = Split(
        data.val.images[indices], data.val.labels[indices], tuple(data.val.names[index] for index in indices)
    )
    view.forget()
    outcome = judge(trial.attack, view, chosen, trial.eps, progress.counter(str(trial)))
    rows = outcome.rows()
    clean = training["metrics"]["accuracy"]
    if trial.fraction == 1 and rows[0]["accuracy"] != clean:
        raise IntegrityError(
            f"{trial} at eps 0 finds accuracy {rows[0]['accuracy']}: expected the recorded clean one, {clean}"
        )
    record = {
        "attack": str(trial.attack),
        "threat": {"norm": "L-infinity", "eps_unit": "pixel levels", "box": [0, 255], "knowledge": trial.attack.threat},
        "images": len(chosen),
        "fraction": trial.fraction,
        "gradient_zero_images": view.zero_images,
        "gradient_zero_pixels": view.zero_pixels,
        "gradient_not_finite": view.broken,
        "rows": rows,
        "weights": training["artefacts"]["weights.npz"]["sha256"],
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
