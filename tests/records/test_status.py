from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from audit_records import audited
from fakes import EPS, diverged, fake, forbid, lacking, trained
from tiny import tiny_run

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec, attack_specs
from bench.errors import IntegrityError, Unreadable
from bench.records.files import read_json, write_json
from bench.records.network_records import NetworkRecords
from bench.records.status import State, status_of
from bench.records.store import Folder, folders
from bench.training.checkpoint import Position, save

RUN = tiny_run(temperature=20.0)
SPECS = attack_specs(RUN, [], EPS, 1.0)


def test_a_run_that_never_began_is_pending(tmp_path: Path) -> None:
    assert status_of(Folder(tmp_path, RUN), SPECS).state == State.PENDING


def test_a_record_with_every_attack_is_done_and_with_fewer_is_not(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    assert status_of(folder, SPECS).state == State.DONE
    assert status_of(folder).state == State.DONE
    another = AttackSpec(attack_named("fgsm(knowledge=5)"), EPS)
    seen = status_of(folder, [*SPECS, another])
    assert (seen.state, seen.note) == (State.INTERRUPTED, f"trained, to be attacked by {another.name}")


def test_a_network_that_was_only_audited_is_done_where_no_attack_is_asked_for(tmp_path: Path) -> None:
    folder = trained(tmp_path, RUN, 0.8)
    assert status_of(folder).state == State.INTERRUPTED
    audited(folder)
    assert status_of(folder).state == State.DONE
    assert status_of(folder, SPECS).state == State.INTERRUPTED


@pytest.mark.parametrize("changed", ["weights", "data"])
def test_an_attack_on_another_network_or_on_other_images_is_no_attack_on_this_one(changed: str, tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    path = folder.path / "attacks" / f"{SPECS[0].name}.json"
    write_json(path, "bench.attack/2", {**read_json(path, "bench.attack/2"), changed: "0" * 64})
    seen = status_of(folder, SPECS)
    assert (seen.state, seen.note) == (State.INTERRUPTED, f"trained, to be attacked by {SPECS[0].name}")


def test_a_record_that_lacks_a_key_is_invalid_and_named(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    lacking("metrics")(folder.path / "run.json")
    seen = status_of(folder, SPECS)
    assert seen.state == State.INVALID
    assert "lacks 'metrics'" in seen.note


def test_a_diverged_run_is_diverged_and_final(tmp_path: Path) -> None:
    seen = status_of(diverged(tmp_path, RUN), SPECS)
    assert (seen.state, seen.note) == (State.DIVERGED, "epoch 2")


def test_a_run_that_a_process_holds_is_running_and_its_lock_stays_its_own(tmp_path: Path) -> None:
    folder = Folder(tmp_path, RUN)
    with folder.lock():
        folder.log.write_text("epoch 1/2\nepoch 2/2\n\n")
        seen = status_of(Folder(tmp_path, RUN), SPECS)
        assert (seen.state, seen.note) == (State.RUNNING, "epoch 2/2")
        assert Folder(tmp_path, RUN).is_locked()
    assert status_of(folder, SPECS).state == State.PENDING


@pytest.mark.parametrize(
    ("code", "state"),
    [(1, State.FAILED), (2, State.FAILED), (4, State.FAILED), (75, State.INTERRUPTED), (-9, State.INTERRUPTED)],
)
def test_how_the_last_process_ended_tells_failed_from_interrupted(code: int, state: State, tmp_path: Path) -> None:
    folder = Folder(tmp_path, RUN)
    folder.declare()
    folder.log.write_text("error: no\n")
    folder.last_exit.write_text(f'{{"code": {code}}}')
    seen = status_of(folder, SPECS)
    assert seen.state == state
    assert seen.log == folder.log
    if state == State.FAILED:
        assert seen.note == f"exit code {code}: error: no"


def test_a_checkpoint_without_a_record_is_interrupted(tmp_path: Path) -> None:
    folder = Folder(tmp_path, RUN)
    save(folder.checkpoints, {}, Position(), {})
    assert status_of(folder, SPECS).state == State.INTERRUPTED


@pytest.mark.parametrize("name", ["run.json", "attacks/fgsm*.json", "attacks/fgsm*.npz"])
def test_a_damaged_record_is_invalid_and_never_done(name: str, tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    path = sorted(folder.path.glob(name))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert status_of(folder, SPECS).state == State.INVALID
    assert status_of(folder).state == State.INVALID


def test_the_folders_are_every_run_that_began_and_what_is_none_is_an_error(tmp_path: Path) -> None:
    fake(tmp_path, RUN)
    Folder(tmp_path, tiny_run(seed=1)).declare()
    fake(tmp_path, tiny_run(epochs=5)).path.parent.rename(tmp_path / "moved")
    (tmp_path / "torn" / "seed-0").mkdir(parents=True)
    (tmp_path / "torn" / "seed-0" / "spec.json").write_text("{")
    found = list(folders(tmp_path))
    assert {each.run for each in found if isinstance(each, Folder)} == {RUN, tiny_run(seed=1)}
    errors = [str(each) for each in found if not isinstance(each, Folder)]
    assert len(errors) == 2
    assert any("it was moved or copied" in error for error in errors)


def test_a_folder_that_is_cleared_while_it_is_looked_at_is_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fake(tmp_path, RUN)
    (folder.path / "log.txt").mkdir()  # what cannot be read is no line

    def gone(_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(NetworkRecords, "all", gone)
    assert status_of(folder).state == State.RUNNING
    with folder.lock():
        assert status_of(folder).note == ""


@pytest.mark.parametrize("name", ["run.json", "attacks", "attacks/fgsm*.json", "attacks/fgsm*.npz", "log.txt"])
def test_what_may_not_be_read_is_unreadable_and_not_damaged(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fake(tmp_path, RUN)
    folder.log.touch()
    path = sorted(folder.path.glob(name))[0]
    forbid(path, monkeypatch)
    seen = status_of(folder)
    assert seen.state == State.UNREADABLE
    assert f"cannot read {path}: Permission denied" in seen.note
    assert "damaged" not in seen.note


def test_a_run_without_its_spec_is_read_from_its_record(tmp_path: Path) -> None:
    (fake(tmp_path, RUN).path / "spec.json").unlink()
    (found,) = folders(tmp_path)
    assert isinstance(found, Folder)
    assert (found.run, status_of(found, SPECS).state) == (RUN, State.DONE)


def test_attacks_without_any_record_of_their_run_are_an_error_and_an_empty_folder_is_nothing(tmp_path: Path) -> None:
    folder = fake(tmp_path, RUN)
    (folder.path / "spec.json").unlink()
    (folder.path / "run.json").unlink()
    Folder(tmp_path, tiny_run(seed=1)).path.mkdir(parents=True)
    (found,) = folders(tmp_path)
    assert isinstance(found, IntegrityError)
    assert f"{folder.path}/attacks" in str(found)


@pytest.mark.parametrize("part", ["", "seed-0/spec.json"])
def test_a_folder_that_may_not_be_read_hides_no_other(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = fake(tmp_path, RUN).path.parent / part
    fake(tmp_path, tiny_run())
    forbid(closed, monkeypatch)
    found = list(folders(tmp_path))
    assert [each.run for each in found if isinstance(each, Folder)] == [tiny_run()]
    assert [str(closed) in str(each) for each in found if isinstance(each, Unreadable)] == [True]


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_a_day_off_changes_no_state(days: int, tmp_path: Path) -> None:
    folder = fake(tmp_path, tiny_run(), started=f"2099-01-0{2 + days}T00:00:00+00:00")
    begun = Folder(tmp_path, tiny_run(seed=1))
    begun.declare()
    begun.checkpoints.mkdir()
    for path in tmp_path.rglob("*"):
        os.utime(path, (time.time() + 86_400 * days,) * 2)
    assert status_of(folder, attack_specs(tiny_run(), [], EPS, 1.0)).state == State.DONE
    assert status_of(begun).state == State.INTERRUPTED
    with begun.lock():
        assert status_of(begun).state == State.RUNNING
