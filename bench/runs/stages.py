"""The two stages of a run: train and measure, then evaluate. Importing this module starts TensorFlow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bench.datasets.base import Dataset
from bench.errors import IntegrityError
from bench.evaluation.base import Evaluation, Subject
from bench.evaluation.classifier import Classifier
from bench.evaluation.metrics import measure
from bench.evaluation.referee import accuracy
from bench.evaluation.restored import restored
from bench.methods.base import Sources
from bench.methods.compose import methods_of
from bench.records.images import check_same_images
from bench.records.provenance import environment, packages
from bench.records.schema import DataRecord, EpochRow, TrainingRecord
from bench.records.store import Folder
from bench.spec.architectures import source_of
from bench.training import loop
from bench.training.clock import Clock
from bench.training.interruption import stopping
from bench.training.network import finished, restore, weights_of
from bench.training.progress import Progress
from bench.training.version import TRAINING


def train(folder: Folder, data: Dataset, progress: Progress, share_after: Collection[int] = ()) -> TrainingRecord:
    """Train the run of ``folder`` on ``data``, measure the network, write the record and return it.

    A training that diverges gets a record without weights and metrics. The state after each of the steps ``share_after``
    is kept for runs that prune later.

    Raises:
        BenchError: a method did not do what it promises, such as the sparsity of a kernel. Nothing is recorded.
    """
    run, clock = folder.run, Clock()
    sources = _sources(folder, data)
    methods = methods_of(run, run.steps(len(data.train)), _of_other_runs(sources, data))
    origins = {name: each.origin() for name, each in sources.items()}
    common: dict[str, Any] = {
        "version": TRAINING,
        "run": str(run),
        "settings": run.settings,
        **{each.part.role: origins[each.setting] for each in run.named_runs()},
        "source": source_of(run.arch),
        "data": _described(data),
        "environment": environment(packages(run)),
    }
    try:
        with stopping() as stop:
            network, history = loop.train(run, data, folder, methods, progress, stop, origins, share_after)
    except loop.Diverged as diverged:
        progress.say(str(diverged))
        record = TrainingRecord(
            **common,
            status="diverged",
            epoch=diverged.epoch + 1,
            history=_rows(diverged.history),
            volatile=clock.read(),
        )
        return folder.write_training(record, {})
    if source_of(run.arch) != common["source"]:
        raise IntegrityError(f"{run.arch} was changed while its network was trained: start over with --restart")
    weights = weights_of(finished(network, methods))
    model = restore(run, len(data.classes), weights, methods)
    progress.say("measuring")
    metrics = measure(model, accuracy(Classifier(model), data.val))
    for method in methods:
        method.verify(metrics)
    record = TrainingRecord(**common, status="done", metrics=metrics, history=_rows(history), volatile=clock.read())
    return folder.write_training(record, weights)


def _sources(folder: Folder, data: Dataset) -> dict[str, Folder]:
    """Return the folders of the runs whose networks the training uses, by setting; BadInput where their images are others."""
    found = folder.sources()
    images = [(each.run.key, each.trained().data.fingerprint) for each in found.values()]
    check_same_images([(folder.run.key, data.fingerprint), *images])
    return found


def _of_other_runs(sources: Mapping[str, Folder], data: Dataset) -> Sources:
    by_name = {each.run.name: each for each in sources.values()}
    return Sources(lambda name: restored(by_name[name], by_name[name].trained()).model, data.calibration)


def evaluate(
    folder: Folder, training: TrainingRecord, evaluations: Sequence[Evaluation], data: Dataset, progress: Progress
) -> None:
    """Restore the network that ``training`` records, and do each of ``evaluations`` on it."""
    network = restored(folder, training)
    machine = environment(packages(folder.run))
    subject = Subject(folder, training, network, data, machine, progress)
    for evaluation in evaluations:
        evaluation.evaluate(subject)


def _described(data: Dataset) -> DataRecord:
    return DataRecord(
        name=data.name,
        fingerprint=data.fingerprint,
        classes=list(data.classes),
        train=len(data.train),
        val=len(data.val),
        skipped=list(data.skipped),
    )


def _rows(history: Sequence[dict[str, float]]) -> list[EpochRow]:
    return [EpochRow.model_validate(row) for row in history]
