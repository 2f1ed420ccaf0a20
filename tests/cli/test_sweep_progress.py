"""What a person sees of a sweep: on a terminal a live count of what works, waits and failed, elsewhere a line a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import fake
from tiny import tiny_cell

from bench.cli import sweep_progress as live
from bench.cli.sweep_progress import REFRESH, SweepView
from bench.records.status import RunStatus, State
from bench.runs.sweep.engine import Ended
from bench.runs.sweep.jobs import Job, jobs_of


class Clock:
    """A clock that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(live.time, "monotonic", lambda: self.now)


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    return jobs_of([tiny_cell(seed=seed) for seed in range(4)], tmp_path, None)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.usefixtures("terminal")
def test_the_head_counts_every_run_once_and_foretells_from_those_that_ended(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock(monkeypatch)
    done, failed, working, waiting = jobs
    view = SweepView(len(jobs), 1, quiet=False)
    with view, working.folder.lock():
        working.folder.log.write_text("epoch 1/2 [half]\n")
        view.ended(Ended(done, RunStatus(State.DONE), 1, 100.0))
        view.ended(Ended(failed, RunStatus(State.FAILED, "exit code 1"), 2, 100.0))
        capsys.readouterr()
        clock.now += 200.0
        view.tick([working, waiting])
        shown = capsys.readouterr().err
    assert "4 runs: 1 done, 1 running, 1 failed, 1 waiting, about 3 min left" in shown
    assert "epoch 1/2 [half]" in shown
    assert working.key in shown
    assert waiting.key not in shown


@pytest.mark.usefixtures("terminal")
def test_the_folders_are_read_now_and_then_and_not_at_every_tick(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock(monkeypatch)
    read = []
    monkeypatch.setattr(Job, "status", lambda job: read.append(job.key) or RunStatus(State.PENDING))
    with SweepView(len(jobs), 1, quiet=False) as view:
        for _ in range(10):
            clock.now += REFRESH / 4
            view.tick(jobs[:1])
    assert len(read) == 3
    assert "0 running" in capsys.readouterr().err


def test_elsewhere_a_line_tells_how_each_run_ended_and_nothing_is_drawn(
    jobs: list[Job], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake(tmp_path, jobs[0].cell.run)
    with SweepView(len(jobs), 1, quiet=False) as view:
        view.tick(jobs)
        view.ended(Ended(jobs[0], jobs[0].status(), 1, 61.4))
        view.ended(Ended(jobs[1], RunStatus(State.FAILED, "exit code 1: [disk]"), 3, 2.0))
    assert capsys.readouterr().err.splitlines() == [
        f"1/4  done       {jobs[0].key}  61 s  accuracy 0.8000",
        f"2/4  failed     {jobs[1].key}  2 s, attempt 3  exit code 1: [disk]",
    ]


def test_a_quiet_sweep_shows_nothing(jobs: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    with SweepView(len(jobs), 1, quiet=True) as view:
        view.tick(jobs)
        view.ended(Ended(jobs[0], RunStatus(State.DONE), 1, 1.0))
    assert capsys.readouterr().err == ""
