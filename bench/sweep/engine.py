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

    A job that goes on from another's beginning is started when that one has left it, or has ended. A job that a signal
    ended, or that says "later" (exit code 5 or 75), is started again up to twice, and so is one whose worker was lost; one
    that diverged, failed or was refused is not. Workers take the jobs in their order. ``ended`` is told of each, ``tick`` of
    the jobs that are left, several times a second.
    """
    outcomes: list[Ended] = []
    with connected(place) as client:
        going: dict[str, _Going] = {}
        left = {job.key: job for job in jobs}
        order = {job.key: place for place, job in enumerate(jobs)}
        while left:
            for job in [job for job in left.values() if job.key not in going and job.may_begin(left)]:
                going[job.key] = _Going(_submit(client, job, shape, 1, order[job.key]), 1)
            for job in [job for job in left.values() if job.key in going and going[job.key].future.done()]:
                one = going[job.key]
                if _again(one):
                    one.attempts += 1
                    one.future = _submit(client, job, shape, one.attempts, order[job.key])
                    continue
                seen = _seen(job, one.future)
                seconds = one.future.result()[2] if one.future.status == "finished" else 0.0
                outcomes.append(Ended(job, seen, one.attempts, seconds))
                del left[job.key]
                ended(outcomes[-1])
            tick(list(left.values()))
            time.sleep(BREATH)
    return outcomes


def _submit(client: Any, job: Job, shape: Shape, number: int, place: int) -> Any:
    log, last_exit = str(job.folder.log.absolute()), str(job.folder.last_exit.absolute())
    words, key = job.words, f"{job.key}#{number}"
    return client.submit(
        attempt, words, log, last_exit, shape.threads, shape.gpus, key=key, pure=False, priority=-place
    )


def _again(one: _Going) -> bool:
    """Tell whether an ended job is to be started again: for what may pass."""
    if one.future.status != "finished":
        return False  # Dask has given it to other workers already
    code = one.future.result()[0]
    return (code < 0 or code in (5, 75)) and one.attempts <= RETRIES


def _seen(job: Job, future: Any) -> Seen:
    seen = job.look()
    if seen.state in FINAL or seen.state in (State.FAILED, State.INVALID):
        return seen
    if future.status != "finished":
        return Seen(State.FAILED, f"its worker was lost {RETRIES + 1} times", seen.log)
    code, trouble, _ = future.result()
    return Seen(State.FAILED, trouble or (f"ended by signal {-code}" if code < 0 else f"exit code {code}"), seen.log)
