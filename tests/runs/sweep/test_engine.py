"""Runs that real workers start: refused, held, killed, or lost with their worker; and a scheduler that is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster
from fakes import fake
from kill_sweep import command, parent, processes
from tiny import tiny_cell

from bench.errors import TryLater
from bench.records.status import State
from bench.runs.sweep.clusters import Place, Shape, shape
from bench.runs.sweep.engine import Ended, work
from bench.runs.sweep.jobs import Job, jobs_of
from bench.runs.sweep.worker import attempt


def swept(jobs: Sequence[Job], workers: int = 2) -> dict[str, Ended]:
    place = Place(workers=workers)
    ended = work(jobs, place, shape(place), lambda _: None, lambda _: None)
    return {one.job.key: one for one in ended}


def children() -> list[int]:
    """Return the runs that workers of this process have started."""
    return [pid for pid in processes() if "bench.cli" in command(pid)]


def nothing_to_do(job: Job) -> None:
    """Record the run of ``job``, and its picture."""
    fake(job.folder.results, job.cell.run).curve.touch()


class TestWork:
    def job(self, results: Path, words: tuple[str, ...], **settings: Any) -> Job:
        (one,) = jobs_of([tiny_cell(**settings)], results, None)
        return replace(one, words=(*one.words, *words))

    def test_a_refused_run_is_not_tried_again(self, tmp_path: Path) -> None:
        refused = self.job(tmp_path, ("--sparsity", "90"), seed=1)
        (one,) = swept([refused]).values()
        assert (one.status.state, one.attempts) == (State.FAILED, 1)
        assert "exit code 2: error: sparsity is 90.0" in one.status.note
        assert "did you mean 0.9?" in refused.folder.log.read_text()

    def test_a_run_that_another_process_is_at_is_waited_for_and_its_log_is_left_alone(self, tmp_path: Path) -> None:
        held, free = (self.job(tmp_path, (), seed=seed) for seed in (1, 2))
        for job in (held, free):
            nothing_to_do(job)
        logs = []
        with ExitStack() as other:
            other.enter_context(held.folder.lock())
            held.folder.log.write_text("epoch 1/2\n")

            def let_go(_one: Ended) -> None:
                logs.append(held.folder.log.read_text())
                other.close()

            first, second = work([held, free], Place(workers=2), Shape(2, 1, 0), let_go, lambda _: None)
        assert logs[0] == "epoch 1/2\n"
        assert [first.job, second.job] == [free, held]
        assert [(one.status.state, one.attempts) for one in (first, second)] == [(State.DONE, 1)] * 2

    def test_a_worker_that_is_lost_takes_its_run_with_it_and_the_sweep_ends_all_the_same(self, tmp_path: Path) -> None:
        (job,) = jobs_of([tiny_cell(epochs=3)], tmp_path, None)
        killed: list[int] = []

        def kill(_left: Sequence[Job]) -> None:
            child = next((pid for pid in children() if str(tmp_path) in command(pid)), None)
            if child and not killed:
                killed.append(parent(child))
                os.kill(killed[0], signal.SIGKILL)
                nothing_to_do(job)  # at the second start

        (one,) = work([job], Place(workers=1), Shape(1, 1, 0), lambda _: None, kill)
        assert killed
        assert one.status.state == State.DONE
        assert job.folder.log.read_text().count("$ bench run") == 2

    def test_a_run_that_is_killed_each_time_is_given_up_after_two_more(self, tmp_path: Path) -> None:
        (job,) = jobs_of([tiny_cell(epochs=3)], tmp_path, None)

        def kill(_left: Sequence[Job]) -> None:
            for child in children():
                if str(tmp_path) in command(child):
                    os.kill(child, signal.SIGKILL)

        (one,) = work([job], Place(workers=1), Shape(1, 1, 0), lambda _: None, kill)
        assert (one.status.state, one.attempts) == (State.FAILED, 3)
        assert one.status.note == "ended by signal 9"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_a_signal_ended_is_started_again(number: int, tmp_path: Path) -> None:
    (job,) = jobs_of([tiny_cell(epochs=3)], tmp_path, None)
    ended: list[int] = []

    def end(_left: Sequence[Job]) -> None:
        for child in children():
            if str(tmp_path) in command(child) and not ended:
                ended.append(child)
                time.sleep(2)  # it can be told to end once Python has started
                os.kill(child, number)
                nothing_to_do(job)

    (one,) = work([job], Place(workers=1), Shape(1, 1, 0), lambda _: None, end)
    assert ended
    assert (one.status.state, one.attempts) == (State.DONE, 2)


def test_a_scheduler_that_dies_while_jobs_wait_is_named(tmp_path: Path) -> None:
    jobs = jobs_of([tiny_cell()], tmp_path, None)
    settings: Any = {"n_workers": 0, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with LocalCluster(**settings) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(TryLater, match=f"the scheduler of --cluster {address} is gone") as refusal:
            work(jobs, Place(address), Shape(0, 0, 0), lambda _: None, lambda _: cluster.close())
    assert refusal.value.exit_code == 75


def test_a_worker_of_many_threads_is_at_one_run_at_a_time(tmp_path: Path) -> None:
    jobs = jobs_of([tiny_cell(seed=seed) for seed in range(3)], tmp_path, None)
    for job in jobs:
        nothing_to_do(job)
    seen = []

    def look(_left: Sequence[Job]) -> None:
        seen.append([child for child in children() if str(tmp_path) in command(child)])

    settings: Any = {"n_workers": 1, "threads_per_worker": 4, "host": "127.0.0.1", "silence_logs": 50}
    with LocalCluster(dashboard_address="127.0.0.1:0", **settings) as cluster:
        ended = work(jobs, Place(cluster.scheduler_address), Shape(0, 0, 0), lambda _: None, look)
    assert [(one.status.state, one.attempts) for one in ended] == [(State.DONE, 1)] * 3
    assert {len(each) for each in seen} == {0, 1}


def test_what_dask_gives_a_worker_beside_a_run_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, most = [0], [0]

    def wait(_: Any) -> int:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.1)
        at_once[0] -= 1
        return 0

    monkeypatch.setattr("subprocess.Popen", type("Process", (), {"__init__": lambda *_, **__: None, "wait": wait}))
    with ThreadPoolExecutor(4) as threads:
        words = [(("run",), str(tmp_path / f"{n}.log"), str(tmp_path / f"{n}.json"), 0, 0) for n in range(4)]
        assert [code for code, *_ in threads.map(lambda each: attempt(*each), words)] == [0] * 4
    assert most == [1]


def test_a_log_that_cannot_be_written_is_for_later(tmp_path: Path) -> None:
    code, trouble, _ = attempt(("run",), "/dev/full", str(tmp_path / "exit.json"), 1, 0)
    assert code == 75
    assert "cannot write /dev/full: No space left" in trouble
    assert not (tmp_path / "exit.json").exists()
