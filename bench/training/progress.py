"""Progress of a run on stderr: one live line on a terminal, elsewhere a plain line for each epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from bench.training.checkpoint import Position

QUIET = 30.0  # seconds without a line after which one is printed, where there is no terminal
SPEED = 600.0  # seconds over which the time left is estimated: a step of a strong attack can take a minute
# Columns of the live line. A training fits into 80 with its bar and the time left.
BAR = (9, 40)
TIME = len("10:00:00")
NAME = 30
GAP = 2  # between two parts of a note


class Progress:
    """Reports on stderr. As a context manager it takes the live line away at its end."""

    def __init__(self, quiet: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        narrow, wide = BAR
        self._bar = min(max((self.console.width - 80) // 2 + narrow, narrow), wide)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=self._bar),
            TextColumn("{task.fields[note]}", markup=False),
            TimeRemainingColumn(),
        )
        on = self.console.is_terminal
        self._bars = Bars(*columns, console=self.console, transient=True, disable=not on, speed_estimate_period=SPEED)
        self._began = self._spoke = time.monotonic()
        self._rate = 0.0
        self._counted = ""

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def say(self, line: str) -> None:
        """Print one line that stays."""
        self._spoke = time.monotonic()
        self.console.print(escape(line), soft_wrap=True)

    def count(self, what: str, done: int, total: int, *notes: str) -> None:
        """Show that ``done`` of ``total`` are done. Without a terminal, print a line after ``QUIET`` seconds of silence.

        ``notes`` go from the most important to the least. Those that do not fit into the live line are left out.
        """
        if not self.console.is_terminal and time.monotonic() - self._spoke > QUIET:
            self.say(f"{what}: {_joined(notes)}")
        name = what if len(what) <= NAME else f"{what[: NAME - 1]}…"
        room = self.console.width - len(name) - self._bar - TIME - 3  # 3: a space after each column but the last
        note = _joined(_fitting(notes, room))
        if not self._bars.tasks or self._counted != what:
            self._counted = what
            for task in self._bars.task_ids:
                self._bars.remove_task(task)
            self._bars.add_task(name, total=total, note=note)
        self._bars.update(self._bars.task_ids[-1], completed=done, total=total, note=note)

    def counter(self, what: str) -> Callable[[int, int], None]:
        """Return a function of (done, total) that shows them as ``what``."""
        return lambda done, total: self.count(what, done, total, f"{done:,} of {total:,}")

    def batch(self, at: Position, steps: int, epochs: int, rate: float) -> None:
        """Show the state of a training after a step of an epoch of ``steps``; ``rate`` is in images a second."""
        self._rate = rate if not self._rate else 0.9 * self._rate + 0.1 * rate
        parts = [
            f"epoch {at.epoch + 1}/{epochs}",
            f"loss {at.loss / at.seen:.3f}",
            f"accuracy {at.correct / at.seen:.3f}",
            f"{self._rate:.0f} images/s",
            *(f"sparsity {row['sparsity']:.3f}" for row in at.history[-1:]),
        ]
        self.count("training", at.epoch * steps + at.step, epochs * steps, *parts)

    def epoch(self, row: dict[str, float], epochs: int) -> None:
        """Print the row of a finished epoch."""
        elapsed = time.monotonic() - self._began
        self.say(
            f"epoch {row['epoch']:.0f}/{epochs}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.4f}  "
            f"sparsity {row['sparsity']:.4f}  {self._rate:.0f} images/s  {elapsed:.0f} s"
        )


def _fitting(notes: Sequence[str], room: int) -> Sequence[str]:
    """Return the first of ``notes`` that fit into ``room`` columns."""
    count = len(notes)
    while count and len(_joined(notes[:count])) > room:
        count -= 1
    return notes[:count]


def _joined(notes: Sequence[str]) -> str:
    return (" " * GAP).join(notes)
