"""Jobs through workers to records: start each once, try again what may pass, and say how each ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.records.status import FINAL, RunStatus, State
from bench.runs.sweep.clusters import RETRIES, Place, Shape, connected
from bench.runs.sweep.jobs import Job
from bench.runs.sweep.worker import attempt, interrupt
from bench.training.interruption import stopping

BREATH = 0.25  # seconds between looks at what has ended
GRACE = 120.0  # seconds that runs have to leave their checkpoints, when the sweep is told to stop


@dataclass(frozen=True)
class Ended:
    """How a job ended: the state of its folder, after how many attempts, and how many seconds the last one worked."""

    job: Job
    seen: RunStatus
    attempts: int
    seconds: float


def work(
    jobs: Sequence[Job],
    place: Place,
    shape: Shape,
    ended: Callable[[Ended], None],
    tick: Callable[[Sequence[Job]], None],
) -> list[Ended]:
    """Bring every job to an end and return how each ended, in the order of ending.

    A job that goes on from another's beginning is started when that one has left it, or has ended; one that another process
    is at, when that has let go of it. A job that a signal ended, or that says "later" (exit code 5 or 75), is started again up
    to twice, and so is one whose worker was lost; one that diverged, failed or was refused is not. The jobs begin in
    their order, one for each free worker. ``ended`` is told of each, ``tick`` of the jobs that are left, several times a second.
    Interrupted, after SIGINT or SIGTERM, when the runs at work have left their checkpoints.
    """
    outcomes: list[Ended] = []
    with stopping() as stop, connected(place) as client:
        going: dict[str, Any] = {}
        attempts: Counter[str] = Counter()
        left = {job.key: job for job in jobs}
        while left:
            if stop.signal_number is not None:
                stop.check(_call_off(client, [left[key] for key in going], list(going.values())))
            for job in [left[key] for key, future in going.items() if future.done()]:
                future = going.pop(job.key)
                if _again(future, attempts[job.key]):
                    continue
                seconds = future.result()[2] if future.status == "finished" else 0.0
                outcomes.append(Ended(job, _seen(job, future), attempts[job.key], seconds))
                del left[job.key]
                ended(outcomes[-1])
            # Dask would share out all that it is given at once, and a short run could wait behind a long one.
            free = sum(client.nthreads().values()) - len(going)
            for job in left.values():
                if free > 0 and job.key not in going and job.may_begin(left) and not job.folder.is_locked():
                    attempts[job.key] += 1
                    going[job.key] = _submit(client, job, shape, attempts[job.key])
                    free -= 1
            tick(list(left.values()))
            time.sleep(BREATH)
    return outcomes


def _call_off(client: Any, jobs: Sequence[Job], futures: Sequence[Any]) -> str:
    """Ask the runs at work to stop, wait for them, and return what became of them."""
    logs = [_log(job) for job in jobs]
    until = time.monotonic() + GRACE
    while any(not future.done() for future in futures) and time.monotonic() < until:
        client.run(interrupt, logs)  # again and again, for a process may be about to start
        time.sleep(BREATH)
    late = [job.key for job, future in zip(jobs, futures, strict=True) if not future.done()]
    if late:
        return f"{', '.join(late)} did not stop within {GRACE:.0f} s and will go on from an earlier checkpoint"
    return "the runs at work have left their checkpoints"


def _submit(client: Any, job: Job, shape: Shape, number: int) -> Any:
    log, last_exit = _log(job), str(job.folder.last_exit.absolute())
    words, key = job.words, f"{job.key}#{number}"
    return client.submit(attempt, words, log, last_exit, shape.threads, shape.gpus, key=key, pure=False)


def _log(job: Job) -> str:
    return str(job.folder.log.absolute())


def _again(future: Any, attempts: int) -> bool:
    """Tell whether a job that ended after so many ``attempts`` is to be started again: for what may pass."""
    if future.status != "finished":
        return False  # Dask has given it to other workers already
    code = future.result()[0]
    return (code < 0 or code in (5, 75)) and attempts <= RETRIES


def _seen(job: Job, future: Any) -> RunStatus:
    seen = job.status()
    if seen.state in FINAL or seen.state in (State.FAILED, State.INVALID):
        return seen
    if future.status != "finished":
        return RunStatus(State.FAILED, f"its worker was lost {RETRIES + 1} times", seen.log)
    code, trouble, _ = future.result()
    return RunStatus(
        State.FAILED, trouble or (f"ended by signal {-code}" if code < 0 else f"exit code {code}"), seen.log
    )
