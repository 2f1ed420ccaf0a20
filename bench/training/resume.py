"""Where a training goes on from, and what it leaves for itself and for runs that share its beginning."""

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

    A pruned run and its control are one training until the first pruning, whose step is ``pruning`` (None for a
    control): a pruned run goes on from what its control left there, and ends with the same bits as from the start.
    ``share_after``: the numbers of steps after which a control keeps its state. ``rest``: what must be the same, besides the
    settings, for two trainings to be one: data, code, versions, weights to start from.
    """

    folder: Folder
    rest: dict[str, Any]
    pruning: int | None
    share_after: Collection[int]
    progress: Progress

    def resume(self, train_state: TrainState) -> Position:
        """Bring ``train_state`` to where it left off, or to where its control left it, and return that place.

        IntegrityError where its own checkpoint belongs to other settings, data or code.
        """
        found = checkpoint.newest(self.folder.checkpoints, self._identity(), self.progress.say)
        if found:
            position, arrays = found
            train_state.set_state(arrays)
            self.progress.say(
                f"resumed at epoch {position.epoch + 1} of {train_state.run.epochs}, step {position.step}"
            )
            return position
        if self.pruning is None:
            return Position()
        shared = self._shared(self.pruning - 1)
        if shared is None:
            return Position()
        position, arrays = shared
        train_state.warm_start(arrays, self.pruning - 1)
        self.progress.say(f"goes on from epoch {position.epoch + 1}, step {position.step} of its unpruned control")
        return position

    def save(self, position: Position, train_state: TrainState) -> None:
        """Write a checkpoint."""
        checkpoint.save(self.folder.checkpoints, self._identity(), position, train_state.state())

    def after_step(self, position: Position, steps: int, train_state: TrainState) -> None:
        """Leave the state for others, where it is one to leave; an epoch has ``steps`` steps."""
        done = position.epoch * steps + position.step
        if done in self.share_after:
            checkpoint.save(self.folder.shared_prefix(done), self._identity(), position, train_state.state())

    def _shared(self, steps: int) -> tuple[Position, Arrays] | None:
        try:
            return checkpoint.newest(self.folder.shared_prefix(steps), self._identity(control=True), self.progress.say)
        except IntegrityError:
            return None  # the control was trained by other code or on other data: no shared prefix

    def _identity(self, control: bool = False) -> dict[str, Any]:
        run = self.folder.run.unpruned if control else self.folder.run
        return {"settings": run.settings, **self.rest}
