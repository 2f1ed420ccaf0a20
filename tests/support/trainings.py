"""Trainings on the tiny images, made in this process."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.datasets.base import Dataset
from bench.methods.base import Method
from bench.methods.compose import methods_of
from bench.records.files import Arrays
from bench.records.store import Folder
from bench.spec.run import Run
from bench.training import loop
from bench.training.interruption import Stop
from bench.training.network import finished, weights_of
from bench.training.progress import Progress
from bench.training.train_state import TrainState


class Trained(NamedTuple):
    """What a training leaves: the weights of the plain network by name, and the history."""

    weights: Arrays
    history: list[dict[str, float]]

    def same(self, other: Trained) -> bool:
        """Tell whether two trainings ended with the same bits."""
        pairs = zip(self.weights.values(), other.weights.values(), strict=True)
        return self.history == other.history and all(np.array_equal(a, b) for a, b in pairs)


class StopAt(Stop):
    """A stop that asks at the n-th look, as a signal would at that step."""

    def __init__(self, step: int) -> None:
        self.left = step

    @property
    def signal_number(self) -> int | None:  # type: ignore[override]
        self.left -= 1
        return 15 if self.left <= 0 else None


def train(
    run: Run,
    data: Dataset,
    results: Path,
    stop: Stop | None = None,
    methods: Sequence[Method] | None = None,
    share_after: Collection[int] = (),
) -> Trained:
    """Train ``run`` on ``data`` with its methods, or with those given. What it goes on from is said on stderr."""
    methods = methods_of(run, run.steps(len(data.train))) if methods is None else methods
    folder, stop = Folder(results, run), stop or Stop()
    model, history = loop.train(run, data, folder, methods, Progress(), stop, share_after=share_after)
    return Trained(weights_of(finished(model, methods)), history)


def stepped(run: Run, data: Dataset) -> Any:
    """Return the network after all steps of ``run``, plain. Without checkpoints and shuffling, many steps take a second."""
    methods = methods_of(run, run.steps(len(data.train)))
    state = TrainState.fresh(run, len(data.classes), len(data.train), methods)
    step, images, labels = state.step_function(), data.train.images, data.train.labels
    batches = -(-len(labels) // run.batch_size)
    for at in range(run.steps(len(labels))):
        rows = slice(at % batches * run.batch_size, (at % batches + 1) * run.batch_size)
        step(images[rows], labels[rows])
    return finished(state.model, methods)
