"""The progress of a sweep on stderr: a live view on a terminal, elsewhere a line for each run that ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from bench.records.status import State
from bench.runs.sweep.engine import Ended
from bench.runs.sweep.jobs import Job
from bench.spec.words import how_many

REFRESH = 5.0  # seconds between two readings of the folders of the runs at work


class SweepView:
    """The progress of a sweep of ``total`` jobs, ``workers`` at a time; a context manager."""

    def __init__(self, total: int, workers: int, quiet: bool) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self._live = Live(console=self.console, transient=True, auto_refresh=False)
        self._on = self.console.is_terminal and not quiet
        self._total, self._workers = total, max(1, workers)
        self._ended: list[Ended] = []
        self._began = time.monotonic()
        self._refreshed = 0.0

    def __enter__(self) -> SweepView:
        if self._on:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def ended(self, one: Ended) -> None:
        """Print how a job ended."""
        self._ended.append(one)
        again = f", attempt {one.attempts}" if one.attempts > 1 else ""
        note = f"  {one.status.note}" if one.status.note else ""
        count = f"{len(self._ended)}/{self._total}"
        self.console.print(
            escape(f"{count}  {one.status.state:<9}  {one.job.key}  {one.seconds:.0f} s{again}{note}"), soft_wrap=True
        )

    def tick(self, left: Sequence[Job]) -> None:
        """Show which runs are at work and about how long the rest will take."""
        if not self._on or time.monotonic() - self._refreshed < REFRESH:
            return
        self._refreshed = time.monotonic()
        table = Table.grid(padding=(0, 2))
        states = [(job, job.status()) for job in left]
        running = [(job, found) for job, found in states if found.state == State.RUNNING]
        for job, found in running:
            table.add_row("running", escape(job.key), escape(found.note))
        failed = sum(one.status.state not in (State.DONE, State.DIVERGED) for one in self._ended)
        done = len(self._ended) - failed
        head = (
            f"{how_many(self._total, 'run')}: {done} done, {len(running)} running, {failed} failed, "
            f"{len(left) - len(running)} waiting{self._time_left(len(left))}"
        )
        self._live.update(Group(head, table), refresh=True)

    def _time_left(self, left: int) -> str:
        if not self._ended:
            return ""
        seconds = (time.monotonic() - self._began) / len(self._ended) * left
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"
