"""Resuming: a training goes on from its own checkpoint, or from the prefix that it shares with its unpruned control."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bench.errors import IntegrityError
from bench.records.files import Arrays
from bench.records.store import Folder
from bench.training import checkpoint
from bench.training.checkpoint import Position
from bench.training.progress import Progress
from bench.training.train_state import TrainState


@dataclass(frozen=True)
class TrainingStates:
    """The states of one training on disk.

    A pruned run and its control are one training until the first pruning. So a pruned run can go on from the state that
    its control left there, and ends with the same bits as a training from the start.

    Args:
        rest: what must be the same, besides the settings, to resume: data, versions, architecture file, weights to start from.
        pruning: the step of the first pruning; None for a control.
        share_after: the numbers of steps after which a control keeps its state.
    """

    folder: Folder
    rest: dict[str, Any]
    pruning: int | None
    share_after: Collection[int]
    progress: Progress

    def resume(self, train_state: TrainState) -> Position:
        """Set ``train_state`` to the newest checkpoint or the shared prefix, and return its position.

        Raises:
            IntegrityError: the checkpoint belongs to other settings, data, versions or architecture file.
        """
        if found := checkpoint.newest(self.folder.checkpoints, self._identity(), self.progress.say):
            position, arrays = found
            train_state.set_state(arrays)
            self.progress.say(f"resumed {_place(position, train_state.run.epochs)}")
            return position
        if self.pruning is None:
            return Position()
        shared = self._shared(self.pruning - 1)
        if shared is None or not train_state.fits(shared[1]):
            return Position()
        position, arrays = shared
        train_state.warm_start(arrays, self.pruning - 1)
        self.progress.say(f"goes on from its unpruned control {_place(position, train_state.run.epochs)}")
        return position

    def save(self, position: Position, train_state: TrainState) -> None:
        """Write a checkpoint."""
        checkpoint.save(self.folder.checkpoints, self._identity(), position, train_state.state())

    def after_step(self, position: Position, steps: int, train_state: TrainState) -> None:
        """Keep the state for pruned runs, after a step that they ask for; an epoch has ``steps`` steps."""
        done = position.epoch * steps + position.step
        if done in self.share_after:
            checkpoint.save(self.folder.shared_prefix(done), self._identity(), position, train_state.state())

    def _shared(self, steps: int) -> tuple[Position, Arrays] | None:
        try:
            return checkpoint.newest(self.folder.shared_prefix(steps), self._identity(control=True), self.progress.say)
        except IntegrityError:
            return None  # other code trained the control, or on other data: there is no shared prefix

    def _identity(self, control: bool = False) -> dict[str, Any]:
        run = self.folder.run.unpruned if control else self.folder.run
        return {"settings": str(run), **self.rest}


def _place(position: Position, epochs: int) -> str:
    if position.epoch == epochs:
        return f"after the last epoch, {epochs} of {epochs}"
    return f"in epoch {position.epoch + 1} of {epochs}, after {position.step} of its steps"
