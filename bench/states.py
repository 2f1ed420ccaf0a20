"""Where a training goes on from, and what it leaves for itself and for runs that share its beginning."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bench import checkpoint
from bench.checkpoint import Position
from bench.errors import IntegrityError
from bench.files import Arrays
from bench.progress import Progress
from bench.store import Folder
from bench.trainee import Trainee


@dataclass(frozen=True)
class States:
    """The states of one training on disk.

    A pruned run and its control are one training until the first pruning, whose step is ``pruning`` (None for a
    control): a pruned run goes on from what its control left there, and ends with the same bits as from the start.
    ``leave``: the numbers of steps after which a control leaves its state. ``rest``: what must be the same, besides the
    settings, for two trainings to be one: data, code, versions, weights to start from.
    """

    folder: Folder
    rest: dict[str, Any]
    pruning: int | None
    leave: Collection[int]
    progress: Progress

    def take_up(self, trainee: Trainee) -> Position:
        """Bring ``trainee`` to where it left off, or to where its control left it, and return that place.

        IntegrityError where its own checkpoint belongs to other settings, data or code.
        """
        found = checkpoint.newest(self.folder.checkpoints, self._identity(), self.progress.say)
        if found:
            position, arrays = found
            trainee.set_state(arrays)
            self.progress.say(f"resumed at epoch {position.epoch + 1} of {trainee.run.epochs}, step {position.step}")
            return position
        if self.pruning is None:
            return Position()
        shared = self._shared(self.pruning - 1)
        if shared is None:
            return Position()
        position, arrays = shared
        trainee.branch(arrays, self.pruning - 1)
        self.progress.say(f"goes on from epoch {position.epoch + 1}, step {position.step} of its unpruned control")
        return position

    def save(self, position: Position, trainee: Trainee) -> None:
        """Write a checkpoint."""
        checkpoint.save(self.folder.checkpoints, self._identity(), position, trainee.state())

    def after_step(self, position: Position, steps: int, trainee: Trainee) -> None:
        """Leave the state for others, where it is one to leave; an epoch has ``steps`` steps."""
        done = position.epoch * steps + position.step
        if done in self.leave:
            checkpoint.save(self.folder.beginning(done), self._identity(), position, trainee.state())

    def _shared(self, steps: int) -> tuple[Position, Arrays] | None:
        try:
            return checkpoint.newest(self.folder.beginning(steps), self._identity(control=True), self.progress.say)
        except IntegrityError:
            return None  # the control was trained by other code or on other data: no beginning to share

    def _identity(self, control: bool = False) -> dict[str, Any]:
        run = self.folder.run.control if control else self.folder.run
        return {"settings": run.settings, **self.rest}
