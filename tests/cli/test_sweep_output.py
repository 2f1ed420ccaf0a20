"""How long a sweep says that it will take: what is recorded is not counted again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from audit_records import audited
from fakes import fake, lacking, trained
from tiny import tiny_cell

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.audit.battery import SCREEN, Battery
from bench.cli.sweep_output import dry_run
from bench.records import typed_files
from bench.records.store import Folder
from bench.runs.grid import GridRun
from bench.runs.sweep.clusters import Shape
from bench.runs.sweep.jobs import jobs_of

MINUTES = 1  # what each fake record took
CELLS = [tiny_cell(seed=seed) for seed in range(3)]


def foretold(results: Path, cells: list[GridRun], workers: int = 1, audits: tuple[Battery, ...] = ()) -> str:
    jobs = jobs_of(cells, results, None, audits=audits)
    return dry_run(jobs, {job.key: job.status() for job in jobs}, [], Shape(workers, 1, 0)).splitlines()[-1]


def test_one_run_is_told_in_the_singular(tmp_path: Path) -> None:
    jobs = jobs_of(CELLS, tmp_path, None)
    states = {job.key: job.status() for job in jobs}
    for number, said in ((1, "1 run:"), (3, "3 runs:")):
        assert said in dry_run(jobs[:number], states, [], Shape(1, 1, 0)).splitlines()[-2]


def test_a_training_and_its_attack_are_counted_once_for_each_run_that_has_neither(tmp_path: Path) -> None:
    fake(tmp_path, CELLS[0].run)
    assert foretold(tmp_path, CELLS).startswith(f"time expected: about {2 * 2 * MINUTES:.0f} min")
    assert foretold(tmp_path, CELLS, workers=2).startswith(f"time expected: about {2 * MINUTES:.0f} min")


def test_a_trained_run_has_its_attack_alone_before_it(tmp_path: Path) -> None:
    fake(tmp_path, CELLS[0].run)
    for cell in CELLS[1:]:
        trained(tmp_path, cell.run, 0.8)
    assert foretold(tmp_path, CELLS).startswith(f"time expected: about {2 * MINUTES:.0f} min")


def test_an_attack_that_no_run_has_met_is_not_known(tmp_path: Path) -> None:
    another = AttackSpec(attack_named("fgsm(knowledge=5)"), CELLS[0].specs[0].eps)
    fake(tmp_path, CELLS[0].run)
    assert "not known" in foretold(tmp_path, [replace(CELLS[0], specs=(*CELLS[0].specs, another))])


def test_audits_are_counted_from_one_that_is_recorded_and_an_old_one_is_done_again(tmp_path: Path) -> None:
    for cell in CELLS:
        fake(tmp_path, cell.run)
    assert foretold(tmp_path, CELLS) == "nothing to do"
    assert "not known" in foretold(tmp_path, CELLS, audits=(SCREEN,))
    audited(Folder(tmp_path, CELLS[0].run))
    assert foretold(tmp_path, CELLS, audits=(SCREEN,)).startswith(f"time expected: about {3 * MINUTES:.0f} min")


def test_each_file_of_an_audit_is_read_once_for_the_state_of_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, CELLS[0].run)
    audited(Folder(tmp_path, CELLS[0].run))
    opened: list[str] = []
    original = typed_files.read_arrays
    monkeypatch.setattr(
        typed_files, "read_arrays", lambda path, *rest: opened.append(path.name) or original(path, *rest)
    )
    (job,) = jobs_of(CELLS[:1], tmp_path, None, audits=(SCREEN,))
    job.status()
    assert opened.count("screen.npz") == 1


def test_a_record_without_its_seconds_foretells_nothing(tmp_path: Path) -> None:
    lacking("volatile")(fake(tmp_path, CELLS[0].run).path / "run.json")
    assert "not known" in foretold(tmp_path, CELLS)


def test_where_all_has_ended_nothing_is_to_do(tmp_path: Path) -> None:
    for cell in CELLS:
        fake(tmp_path, cell.run)
    assert foretold(tmp_path, CELLS) == "nothing to do"
