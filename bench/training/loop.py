"""The training loop, the same for every method. It resumes bit-identically from its last checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from bench.datasets.base import Dataset, Split
from bench.errors import BenchError
from bench.methods.base import Method
from bench.records.provenance import packages, versions
from bench.records.schema import Origin
from bench.records.store import Folder
from bench.spec.architectures import source_of
from bench.spec.run import Run
from bench.training.batches import batches
from bench.training.interruption import Stop
from bench.training.overfitting import catastrophic
from bench.training.progress import Progress
from bench.training.resume import TrainingStates
from bench.training.tensorboard import Scalars
from bench.training.train_state import TrainState
from bench.training.version import TRAINING

MEASURED = 128  # training images that methods may measure at the end of an epoch


class Diverged(BenchError):
    """The loss became NaN or infinite. ``history`` has the epochs before."""

    def __init__(self, epoch: int, history: list[dict[str, float]]) -> None:
        super().__init__(f"diverged: the loss became NaN or infinite in epoch {epoch + 1}; try a lower --learning-rate")
        self.epoch = epoch
        self.history = history


def train(
    run: Run,
    data: Dataset,
    folder: Folder,
    methods: Sequence[Method],
    progress: Progress,
    stop: Stop,
    origins: Mapping[str, Origin] = MappingProxyType({}),
    share_after: Collection[int] = (),
) -> tuple[Any, list[dict[str, float]]]:
    """Train ``run`` on ``data`` and return the network and the history.

    The training goes on from its checkpoint, or else from the prefix that its unpruned control left, or else starts.

    Args:
        origins: the trained weights that ``methods`` use, by the setting that names their run.
        share_after: the numbers of steps after which to keep the state for runs that prune later.

    Returns:
        The network, still wrapped by its methods, and a row for each epoch: mean loss and accuracy over the training
        images as they were seen, learning rate, sparsity.

    Raises:
        Diverged: the loss is no longer finite.
        Interrupted: ``stop`` asked for it; a checkpoint is written.
        IntegrityError: the checkpoint belongs to other settings, data, versions, architecture file or ``origins``.
    """
    steps = run.steps(len(data.train))
    train_state = TrainState.fresh(run, len(data.classes), len(data.train), methods)
    rest = {
        # Under its own key, as the checkpoints of old have it.
        "origin": origins["low_rank_from"].model_dump() if "low_rank_from" in origins else None,
        **{name: each.model_dump() for name, each in origins.items() if name != "low_rank_from"},
        "data": data.fingerprint,
        "training": TRAINING,
        "versions": {**versions(), **packages(run)},
        "architecture file": source_of(run.arch),
    }
    pruning = run.schedule.resolve(steps).begin if run.goes_on_from_control else None
    states = TrainingStates(folder, rest, pruning, share_after, progress)
    loop = Loop(train_state, states, progress, stop)
    with Scalars(folder.tensorboard, loop.position.history) as scalars:
        while loop.position.epoch < run.epochs:
            loop.epoch(data.train)
            scalars.write(loop.position.history[-1])
    return train_state.model, loop.position.history


class Loop:
    """The epochs of one training."""

    def __init__(self, train_state: TrainState, states: TrainingStates, progress: Progress, stop: Stop) -> None:
        self.train_state, self.states, self.progress, self.stop = train_state, states, progress, stop
        self.position = states.resume(train_state)
        self.step = train_state.step_function()
        self.callbacks = [callback for method in train_state.methods for callback in method.callbacks()]
        for callback in self.callbacks:
            callback.set_model(train_state.model)
            callback.on_train_begin()

    def epoch(self, images: Split) -> None:
        """Train through the rest of the current epoch, write its row and a checkpoint."""
        run, at = self.train_state.run, self.position
        total = math.ceil(len(images) / run.batch_size)
        for batch in batches(images, run.batch_size, run.derived_seed("order"), at.epoch, start=at.step):
            began = time.monotonic()
            self._batch(*batch)
            self.states.after_step(at, total, self.train_state)
            self.progress.batch(at, total, run.epochs, len(batch[1]) / (time.monotonic() - began))
            if self.stop.signal_number is not None and at.step < total:
                self.states.save(at, self.train_state)
                self.stop.check(f"epoch {at.epoch + 1}, step {at.step} is saved")
        self._close(images)
        self.states.save(at, self.train_state)
        self.progress.epoch(at.history[-1], run.epochs)
        self.stop.check(f"epoch {at.epoch} is saved")

    def _batch(self, images: Any, labels: Any) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_begin(self.position.step)
        loss, correct = self.step(images, labels)
        self.position.loss += float(loss)
        self.position.correct += int(correct)
        self.position.seen += len(labels)
        self.position.step += 1
        if not math.isfinite(self.position.loss):
            raise Diverged(self.position.epoch, self.position.history)

    def _close(self, images: Split) -> None:
        at, optimizer, few = self.position, self.train_state.optimizer, images.spread(MEASURED)
        for callback in self.callbacks:
            callback.on_epoch_end(at.epoch)
        at.history.append(
            {
                "epoch": at.epoch + 1,
                "loss": at.loss / at.seen,
                "accuracy": at.correct / at.seen,
                "learning_rate": float(optimizer.learning_rate),
                "sparsity": self.train_state.sparsity(),
                **self.train_state.measure(few.images.astype(np.float32), few.labels),
            }
        )
        if sentence := catastrophic(at.history[-1]):
            self.progress.say(sentence)
        at.epoch, at.step, at.loss, at.correct, at.seen = at.epoch + 1, 0, 0.0, 0, 0
