"""Jobs through workers to records: start each once, try again what may pass, and say how each ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.state import FINAL, Seen, State
from bench.sweep.child import attempt
from bench.sweep.clusters import RETRIES, Place, Shape, connected
from bench.sweep.plan import Job

BREATH = 0.25  # seconds between looks at what has ended


@dataclass(frozen=True)
class Ended:
    """How a job ended: the state of its folder, after how many attempts, and how many seconds the last one worked."""

    job: Job
    seen: Seen
    attempts: int
    seconds: float


@dataclass
class _Going:
    future: Any
    attempts: int


def work(
    jobs: Sequence[Job],
    place: Place,
    shape: Shape,
    ended: Callable[[Ended], None],
    tick: Callable[[Sequence[Job]], None],
) -> list[Ended]:
    """Bring every job to an end and return how each ended, in the order of ending.

    A job that a signal ended, or that says "later" (exit code 5 or 75), is started again up to twice, and so is one whose
    worker was lost; one that diverged, failed or was refused is not. ``ended`` is told of each, ``tick`` of the jobs that
    are left, several times a second.
    """
    outcomes: list[Ended] = []
    with connected(place) as client:
        going: dict[str, _Going] = {}
        for job in jobs:
            first = going.get(job.after or "")
            going[job.key] = _Going(_submit(client, job, shape, 1, first and first.future), 1)
        left = {job.key: job for job in jobs}
        while left:
            for job in [job for job in left.values() if going[job.key].future.done()]:
                one = going[job.key]
                if _again(one, going.get(job.after or "")):
                    one.attempts += one.future.status == "finished"
                    one.future = _submit(client, job, shape, one.attempts, None)
                    continue
                seen = _seen(job, one.future)
                seconds = one.future.result()[2] if one.future.status == "finished" else 0.0
                outcomes.append(Ended(job, seen, one.attempts, seconds))
                del left[job.key]
                ended(outcomes[-1])
            tick(list(left.values()))
            time.sleep(BREATH)
    return outcomes


def _submit(client: Any, job: Job, shape: Shape, number: int, after: Any) -> Any:
    log, last_exit = str(job.folder.log.absolute()), str(job.folder.last_exit.absolute())
    lone = "" if after else "-alone"
    key = f"{job.key}#{number}{lone}"
    return client.submit(attempt, job.words, log, last_exit, shape.threads, shape.gpus, after, key=key, pure=False)


def _again(one: _Going, control: _Going | None) -> bool:
    """Tell whether an ended job is to be started again: for what may pass, or since the job it waited for was lost."""
    if one.future.status == "finished":
        code = one.future.result()[0]
        return (code < 0 or code in (5, 75)) and one.attempts <= RETRIES
    return control is not None and control.future.status != "finished" and not one.future.key.endswith("-alone")


def _seen(job: Job, future: Any) -> Seen:
    seen = job.look()
    if seen.state in FINAL or seen.state in (State.FAILED, State.INVALID):
        return seen
    if future.status != "finished":
        return Seen(State.FAILED, f"its worker was lost {RETRIES + 1} times", seen.log)
    code, trouble, _ = future.result()
    return Seen(State.FAILED, trouble or (f"ended by signal {-code}" if code < 0 else f"exit code {code}"), seen.log)
