"""The order in which the runs of a sweep start, what they share, and when what they share is removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakes import diverged, fake, tear, trained
from tiny import tiny_cell, tiny_run

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.records.files import write_arrays, write_json
from bench.records.status import RunStatus, State
from bench.runs.grid import GridRun
from bench.runs.sweep.jobs import Job, jobs_of, remove_unused_prefixes, stages_of
from bench.spec.pruning_schedule import Steps


def test_a_control_comes_before_its_pruned_runs_and_leaves_their_shared_prefixes(
    tmp_path: Path,
) -> None:
    pruned = [
        tiny_cell(sparsity=0.5),
        tiny_cell(sparsity=0.9, schedule=Steps(2, 1, 1)),
        tiny_cell(sparsity=0.9, pruning="random"),
    ]
    lone = tiny_cell(sparsity=0.9, temperature=20.0)
    jobs = jobs_of([*pruned, lone, tiny_cell()], tmp_path, None)
    assert [job.cell for job in jobs] == [tiny_cell(), *pruned, lone]
    assert [job.after for job in jobs] == [None, *[jobs[0].key] * 3, None]
    words = list(jobs[0].words)
    shared = [words[at + 1] for at, word in enumerate(words) if word == "--share-with"]
    assert shared == ["shares:0.2,0.7,16", "steps:2,1,1"]


@pytest.mark.parametrize("recorded", [fake, partial(trained, accuracy=0.8), diverged])
def test_a_control_that_is_trained_leaves_nothing_to_share(recorded: Callable[..., Any], tmp_path: Path) -> None:
    recorded(tmp_path, tiny_run())
    control, pruned = jobs_of([tiny_cell(), tiny_cell(sparsity=0.5)], tmp_path, None)
    assert pruned.after is None
    assert "--share-with" not in control.words


def test_a_control_with_a_damaged_record_is_not_trained_again(tmp_path: Path) -> None:
    tear(fake(tmp_path, tiny_run()).path / "run.json")
    control, pruned = jobs_of([tiny_cell(), tiny_cell(sparsity=0.5)], tmp_path, None)
    assert pruned.after is None
    assert "--share-with" not in control.words


def test_every_run_of_a_sweep_leaves_broken_images_out_where_it_is_asked(tmp_path: Path) -> None:
    cells = [tiny_cell(), tiny_cell(sparsity=0.5)]
    assert all("--skip-broken" in job.words for job in jobs_of(cells, tmp_path, None, skip_broken=True))
    assert not any("--skip-broken" in job.words for job in jobs_of(cells, tmp_path, None))


def test_sharing_can_be_declined(tmp_path: Path) -> None:
    jobs = jobs_of([tiny_cell(), tiny_cell(sparsity=0.5)], tmp_path, None, sharing=False)
    assert [job.after for job in jobs] == [None, None]
    assert "--share-with" not in jobs[0].words


class TestARunThatIsASource:
    """It comes before the runs whose attacks need its network, and they wait for its end. No two wait for each other."""

    def attacked(self, cell: GridRun, source: str = "") -> GridRun:
        return replace(cell, specs=(AttackSpec(attack_named(f"transfer(source={source})")),))

    def test_the_control_is_the_source_by_default(self, tmp_path: Path) -> None:
        hot, control = self.attacked(tiny_cell(temperature=20.0)), self.attacked(tiny_cell())
        jobs = jobs_of([hot, control], tmp_path, None)
        assert [job.cell for job in jobs] == [control, hot]
        left = {job.key: job for job in jobs}
        assert [job.is_ready(left) for job in jobs] == [True, False]
        del left[jobs[0].key]
        assert jobs[1].is_ready(left)

    def test_a_source_beside_the_grid_is_not_waited_for(self, tmp_path: Path) -> None:
        (job,) = jobs_of([self.attacked(tiny_cell(temperature=20.0))], tmp_path, None)
        assert job.is_ready({job.key: job})

    def test_a_pruned_run_that_is_the_source_of_its_control_trains_alone_before_it(self, tmp_path: Path) -> None:
        pruned = tiny_cell(sparsity=0.5)
        control = self.attacked(tiny_cell(), pruned.run.name)
        jobs = jobs_of([control, pruned], tmp_path, None)
        assert [(job.cell, job.after) for job in jobs] == [(pruned, None), (control, None)]
        left = {job.key: job for job in jobs}
        assert [job.is_ready(left) for job in jobs] == [True, False]

    def test_two_runs_that_are_each_others_sources_both_begin(self, tmp_path: Path) -> None:
        one, two = tiny_cell(temperature=20.0), tiny_cell(epochs=3)
        cells = [self.attacked(one, two.run.name), self.attacked(two, one.run.name)]
        first, second = jobs_of(cells, tmp_path, None)
        assert first.is_ready({first.key: first, second.key: second})
        assert second.is_ready({second.key: second})


def test_each_job_is_in_a_stage_behind_those_that_it_waits_for(tmp_path: Path) -> None:
    hot = tiny_cell(temperature=20.0)
    student = tiny_cell(temperature=20.0, distill_from=hot.run.name)
    of_the_student = replace(
        tiny_cell(epochs=3), specs=(AttackSpec(attack_named(f"transfer(source={student.run.name})")),)
    )
    jobs = jobs_of([tiny_cell(), hot, student, tiny_cell(sparsity=0.5), of_the_student], tmp_path, None)
    control, teacher, *_ = jobs
    assert [{job.cell.run for job in stage} for stage in stages_of(jobs)] == [
        {tiny_run(), hot.run},
        {student.run, tiny_run(sparsity=0.5)},
        {of_the_student.run},
    ]
    without = [job for job in jobs if job not in (control, teacher)]
    assert [len(stage) for stage in stages_of(without)] == [2, 1]
    assert stages_of([]) == []


class TestWhenARunThatSharesMayBegin:
    """Not before its control has left every state that it was asked for, unless the control has ended."""

    def left(self, tmp_path: Path) -> dict[str, Job]:
        pruned = tiny_cell(sparsity=0.9, schedule=Steps(2, 1, 1))
        return {job.key: job for job in jobs_of([tiny_cell(), tiny_cell(sparsity=0.5), pruned], tmp_path, None)}

    def test_a_control_waits_for_nobody(self, tmp_path: Path) -> None:
        left = self.left(tmp_path)
        assert [job.is_ready(left) for job in left.values()] == [True, False, False]

    def test_a_pruned_run_waits_for_whole_states_and_not_for_the_end(self, tmp_path: Path) -> None:
        left = self.left(tmp_path)
        _, *pruned = left.values()
        for steps in (1, 2):
            assert not any(job.is_ready(left) for job in pruned)
            write_arrays(pruned[0].folder.shared_prefix(steps) / "0.npz", {})
            assert not any(job.is_ready(left) for job in pruned)
            write_json(pruned[0].folder.shared_prefix(steps) / "0.json", "any", {})
        assert all(job.is_ready(left) for job in pruned)

    def test_a_control_that_failed_is_waited_for_no_longer(self, tmp_path: Path) -> None:
        _, *pruned = self.left(tmp_path).items()
        assert all(job.is_ready(dict(pruned)) for _, job in pruned)


class TestTidy:
    """States left for others are removed when nothing in the sweep can go on from them any more."""

    def left(self, tmp_path: Path, pruned: State) -> bool:
        jobs = jobs_of([tiny_cell(), tiny_cell(sparsity=0.5), tiny_cell(temperature=20.0)], tmp_path, None)
        (jobs[0].folder.path / "prefixes" / "3").mkdir(parents=True, exist_ok=True)
        states = dict.fromkeys([job.key for job in jobs], RunStatus(State.DONE))
        remove_unused_prefixes(jobs, states | {jobs[1].key: RunStatus(pruned)})
        return jobs[0].folder.shared_prefix(3).exists()

    def test_they_go_when_the_last_run_that_shares_them_has_ended(self, tmp_path: Path) -> None:
        assert not self.left(tmp_path, State.DONE)
        assert not self.left(tmp_path, State.DIVERGED)

    def test_they_stay_while_one_may_still_go_on_from_them(self, tmp_path: Path) -> None:
        assert self.left(tmp_path, State.FAILED)
        assert self.left(tmp_path, State.INTERRUPTED)
