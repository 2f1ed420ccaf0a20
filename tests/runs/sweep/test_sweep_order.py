"""In which order the jobs of a sweep are given to workers, of which some are slow: no worker is needed to know."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes import fake
from tiny import tiny_cell

from bench.errors import Interrupted, TryLater
from bench.records.status import State
from bench.runs.sweep import engine
from bench.runs.sweep.clusters import Place, Shape
from bench.runs.sweep.jobs import Job, jobs_of


class Future:
    """A job that ends when the test says so."""

    status, ended = "finished", False

    def done(self) -> bool:
        return self.ended

    def result(self) -> tuple[int, str, float]:
        return 0, "", 1.0


class Client:
    """Two workers, and what was given to them."""

    status = "running"

    def __init__(self) -> None:
        self.workers: list[str] = ["one", "two"]
        self.given: dict[str, Future] = {}
        self.places: dict[str, str] = {}

    def processing(self) -> dict[str, list[str]]:
        return {worker: [] for worker in self.workers}  # a scheduler hears late of what was submitted

    def submit(self, *_: Any, key: str, workers: list[str], **__: Any) -> Future:
        self.given[key] = Future()
        (self.places[key],) = workers
        return self.given[key]


def test_jobs_are_given_out_in_their_order_and_none_waits_behind_a_long_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = jobs_of([tiny_cell(seed=seed) for seed in range(5)], tmp_path, None)
    for job in jobs:
        fake(tmp_path, job.cell.run)
    client, seen = Client(), []

    @contextmanager
    def connected(_: Place) -> Iterator[Client]:
        yield client

    def tick(left: Sequence[Job]) -> None:
        at_work = [key for key, future in client.given.items() if not future.ended]
        seen.append(at_work)
        # The first job is long: it ends when nothing else is left.
        if left:
            client.given[at_work[0 if len(left) == 1 else 1]].ended = True

    monkeypatch.setattr(engine, "connected", connected)
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    engine.work(jobs, Place(), Shape(2, 1, 0), lambda _: None, tick)
    first, *others = [f"{job.key}#1" for job in jobs]
    assert [each for each in seen if len(each) == 2] == [[first, other] for other in others]


def test_a_job_whose_worker_is_lost_begins_again_on_another_up_to_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = jobs_of([tiny_cell()], tmp_path, None)
    client = Client()

    @contextmanager
    def connected(_: Place) -> Iterator[Client]:
        yield client

    def tick(left: Sequence[Job]) -> None:
        if left:
            [*client.given.values()][-1].status = "pending"
            lost = client.workers.pop(0)
            client.workers.append(f"after {lost}")

    monkeypatch.setattr(engine, "connected", connected)
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    (one,) = engine.work([job], Place(), Shape(2, 1, 0), lambda _: None, tick)
    assert list(client.places.values()) == ["one", "two", "after one"]
    assert (one.status.state, one.attempts, one.status.note) == (State.FAILED, 3, "its worker was lost")


def test_a_run_that_does_not_stop_in_time_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = jobs_of([tiny_cell(seed=seed) for seed in range(2)], tmp_path, None)
    client = Client()

    @contextmanager
    def connected(_: Place) -> Iterator[Client]:
        yield client

    def tick(_: Sequence[Job]) -> None:
        client.given[f"{jobs[0].key}#1"].ended = True
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(engine, "connected", connected)
    monkeypatch.setattr(engine, "GRACE", 0.0)
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    with pytest.raises(Interrupted, match=f"interrupted: {jobs[1].key} did not stop within 0 s") as stopped:
        engine.work(jobs, Place(), Shape(2, 1, 0), lambda _: None, tick)
    assert stopped.value.exit_code == 143
    assert jobs[0].key not in str(stopped.value)


def test_runs_that_a_lost_scheduler_gave_up_are_not_called_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = jobs_of([tiny_cell()], tmp_path, None)
    client = Client()

    @contextmanager
    def connected(_: Place) -> Iterator[Client]:
        yield client

    def tick(_: Sequence[Job]) -> None:
        client.status = "connecting"
        for future in client.given.values():
            future.status, future.ended = "cancelled", True

    monkeypatch.setattr(engine, "connected", connected)
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    with pytest.raises(TryLater, match=r"scheduler of --cluster tcp://10\.0\.0\.1:8786 is gone"):
        engine.work(jobs, Place("tcp://10.0.0.1:8786"), Shape(2, 0, 0), lambda _: pytest.fail("ended"), tick)
