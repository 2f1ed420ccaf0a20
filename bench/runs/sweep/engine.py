"""Jobs through workers to records: start each once, try again what may pass, and say how each ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.errors import TryLater
from bench.records.status import FINAL, STOPPED, RunStatus, State
from bench.runs.sweep.clusters import RETRIES, Place, Shape, connected
from bench.runs.sweep.jobs import Job
from bench.runs.sweep.worker import attempt, interrupt
from bench.training.interruption import stopping

PAUSE = 0.25  # seconds between two checks of what has ended
GRACE = 120.0  # seconds that runs have to write their checkpoints when the sweep is told to stop


@dataclass(frozen=True)
class Ended:
    """How a job ended: the state of its folder, the number of attempts, and the seconds that the last one took."""

    job: Job
    status: RunStatus
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

    Jobs start in their order, one on each idle worker, however many threads it has. A run that starts from a shared prefix
    waits until its control has left it or has ended, and one whose attacks need the network of another until that has ended.
    A run that another process holds is waited for. A run that a signal ended, or that exits with 5 or 75, is started again
    up to twice, and so is one whose worker was lost. One that diverged, failed or was refused is not.

    ``ended`` is told of each job that ended, and ``tick`` of the jobs that are left, several times a second.

    Raises:
        Interrupted: SIGINT or SIGTERM came, and the runs at work have written their checkpoints.
        TryLater: the scheduler is gone.
    """
    outcomes: list[Ended] = []
    with stopping() as stop, connected(place) as client:
        running: dict[str, Any] = {}
        places: dict[str, str] = {}  # of the running jobs: the address of the worker
        attempts: Counter[str] = Counter()
        left = {job.key: job for job in jobs}
        while left:
            if stop.signal_number is not None:
                stop.check(_stop(client, [left[key] for key in running], list(running.values())))
            done = [left[key] for key, future in running.items() if future.done()]
            workers = _workers(client, place)
            lost = [left[key] for key, worker in places.items() if worker not in workers and left[key] not in done]
            for job in (*done, *lost):
                future = running.pop(job.key)
                del places[job.key]
                if _is_retried(future, attempts[job.key]):
                    continue
                seconds = future.result()[2] if future.status == "finished" else 0.0
                outcomes.append(Ended(job, _status(job, future), attempts[job.key], seconds))
                del left[job.key]
                ended(outcomes[-1])
            # Dask would give out all jobs at once, and a short run could wait behind a long one.
            idle = [worker for worker, keys in workers.items() if not keys and worker not in places.values()]
            for job in left.values():
                if idle and job.key not in running and job.is_ready(left) and not job.folder.is_locked():
                    attempts[job.key] += 1
                    places[job.key] = idle.pop(0)
                    running[job.key] = _submit(client, job, shape, attempts[job.key], places[job.key])
            tick(list(left.values()))
            time.sleep(PAUSE)
    return outcomes


def _workers(client: Any, place: Place) -> dict[str, Sequence[str]]:
    """Return the tasks of each worker by its address, none where it is idle; TryLater where the scheduler is gone.

    A client that loses its scheduler cancels every future, which looks as if each run had ended.
    """
    try:
        if client.status == "running":
            return dict(client.processing())
    except OSError:
        pass
    raise TryLater(
        f"the scheduler of --cluster {place.cluster} is gone: what was recorded stays; start a scheduler, then run the "
        "same sweep again"
    )


def _stop(client: Any, jobs: Sequence[Job], futures: Sequence[Any]) -> str:
    """Ask the runs at work to stop, wait for them, and return whether they wrote their checkpoints."""
    logs = [_log(job) for job in jobs]
    until = time.monotonic() + GRACE
    while any(not future.done() for future in futures) and time.monotonic() < until:
        client.run(interrupt, logs)  # again and again, for a process may be about to start
        time.sleep(PAUSE)
    late = [job.key for job, future in zip(jobs, futures, strict=True) if not future.done()]
    if late:
        return f"{', '.join(late)} did not stop within {GRACE:.0f} s and will go on from an earlier checkpoint"
    return "the runs at work have left their checkpoints"


def _submit(client: Any, job: Job, shape: Shape, number: int, worker: str) -> Any:
    words = (job.words, _log(job), str(job.folder.last_exit.absolute()), shape.threads, shape.gpus)
    return client.submit(attempt, *words, key=f"{job.key}#{number}", pure=False, workers=[worker])


def _log(job: Job) -> str:
    return str(job.folder.log.absolute())


def _is_retried(future: Any, attempts: int) -> bool:
    """Tell whether a job that ended after so many ``attempts`` is started again."""
    code = future.result()[0] if future.status == "finished" else None  # None where its worker was lost
    return (code is None or code < 0 or code in STOPPED) and attempts <= RETRIES


def _status(job: Job, future: Any) -> RunStatus:
    found = job.status()
    if found.state in FINAL or found.state in (State.FAILED, State.INVALID):
        return found
    if future.status != "finished":
        return RunStatus(State.FAILED, "its worker was lost", found.log)
    code, trouble, _ = future.result()
    end = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return RunStatus(State.FAILED, trouble or end, found.log)
