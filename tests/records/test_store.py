from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import ENVIRONMENT, data_record, diverged, fake, fake_attack, made_up
from filelock import FileLock
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.errors import BadInput, IntegrityError, Locked
from bench.records.schema import TrainingRecord
from bench.records.store import TORN, Folder, folders
from bench.spec.run import Run

WEIGHTS = {"w": np.arange(4, dtype=np.float32)}
SPEC = AttackSpec(Fgsm(), (0.0, 1.0))


def training(run: Run) -> TrainingRecord:
    return TrainingRecord(
        version=1,
        run=str(run),
        settings=run.settings,
        data=data_record(),
        environment=ENVIRONMENT,
        status="done",
        metrics=made_up(run, 0.8),
        history=[],
    )


RECORD = training(tiny_run())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "results", tiny_run())


def test_a_training_that_diverged_leaves_no_weights(tmp_path: Path) -> None:
    folder = diverged(tmp_path, tiny_run())
    assert not (folder.path / "weights.npz").exists()
    assert folder.training() is not None
    assert not folder.has_network


def test_nothing_is_recorded_before_it_is_written(folder: Folder) -> None:
    with folder.lock():
        assert folder.training() is None
        assert folder.attacks.get(SPEC.name) is None
        folder.write_training(RECORD, WEIGHTS)
        fake_attack(folder, SPEC, (0.8, 0.5))
    record = folder.training()
    assert record is not None
    assert record.metrics == RECORD.metrics
    np.testing.assert_array_equal(folder.weights(record)["w"], WEIGHTS["w"])
    assert folder.attacks.get(SPEC.name) is not None
    assert folder.attacks.get(AttackSpec(Fgsm(), SPEC.eps, fraction=0.5).name) is None


def test_a_record_of_other_settings_in_the_same_place_is_refused(folder: Folder) -> None:
    with folder.lock():
        folder.write_training(training(tiny_run(epochs=9)), WEIGHTS)
    with pytest.raises(IntegrityError, match="other settings"):
        folder.training()


def test_weights_that_are_gone_or_changed_are_refused(folder: Folder) -> None:
    with folder.lock():
        folder.write_training(RECORD, WEIGHTS)
    record = folder.training()
    assert record is not None
    path = folder.path / "weights.npz"
    path.write_bytes(path.read_bytes().replace(b"\x00\x00\x80?", b"\x00\x00\x81?"))
    with pytest.raises(IntegrityError, match="sha256"):
        folder.weights(record)
    path.unlink()
    with pytest.raises(IntegrityError, match="--restart"):
        folder.weights(record)


def test_outcomes_that_do_not_fit_their_record_are_refused(folder: Folder) -> None:
    with folder.lock():
        folder.write_training(RECORD, WEIGHTS)
        fake_attack(folder, SPEC, (0.8, 0.5))
    (folder.path / "attacks" / f"{SPEC.name}.npz").write_bytes(b"")
    with pytest.raises(IntegrityError, match=rf"{SPEC.name}\.npz"):
        folder.attacks.get(SPEC.name)


def test_clearing_leaves_the_lock_alone(folder: Folder) -> None:
    with folder.lock():
        folder.write_training(RECORD, WEIGHTS)
        fake_attack(folder, SPEC, (0.8, 0.5))
        folder.clear()
        assert {entry.name for entry in folder.path.iterdir()} == {"lock"}
        assert Folder(folder.results, folder.run).is_locked()


def test_what_a_killed_process_was_writing_is_removed_by_the_next_holder(folder: Folder) -> None:
    with folder.lock():
        folder.write_training(RECORD, WEIGHTS)
    torn = [folder.path / ".run.json-x.part", folder.path / "attacks" / ".fgsm.npz-y.part"]
    for path in torn:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
        os.utime(path, times=2 * (time.time() - 2 * TORN,))
    with folder.lock():
        assert not any(path.exists() for path in torn)
        assert folder.training() is not None


def test_one_who_writes_without_the_lock_is_not_disturbed_by_its_next_holder(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def then(partial: Path, path: Path) -> Path:
        with Folder(folder.results, folder.run).lock():
            return replace(partial, path)

    monkeypatch.setattr(Path, "replace", then)
    folder.declare()
    assert [path.name for path in folder.path.iterdir() if path.name != "lock"] == ["spec.json"]


def test_a_half_written_file_that_cannot_be_removed_leaves_no_lock(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.declare()
    torn = folder.path / ".run.json-x.part"
    torn.write_bytes(b"half")
    os.utime(torn, (0, 0))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError) as failure, folder.lock():
            pass
        assert not folder.is_locked()
        del failure  # until here it keeps what the failed holder held
    with folder.lock():
        assert not torn.exists()


HOLD = """
import sys, time
from pathlib import Path
from typing import Any
from bench.records.schema import TrainingRecord
from bench.records.store import Folder
from bench.spec.run import Run
from bench.spec.run import Run
with Folder(Path(sys.argv[1]), Run.parse(sys.argv[2])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def holder(folder: Folder) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(folder.path.parent.parent), str(folder.run)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_live_holders_lock_is_respected_and_a_dead_ones_is_taken(folder: Folder) -> None:
    process = holder(folder)
    before = sorted(folder.path.rglob("*"))
    try:
        with pytest.raises(Locked, match="another process") as refusal, folder.lock():
            pass
        assert refusal.value.exit_code == 5
        assert sorted(folder.path.rglob("*")) == before
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    with folder.lock():
        pass


@pytest.mark.parametrize("kind", ["file", "read-only"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "results"
    if kind == "file":
        place.write_text("")
    else:
        monkeypatch.setattr("os.access", lambda *_: False)  # the superuser may write anywhere
    with pytest.raises(BadInput, match="--results-dir"), Folder(place, tiny_run()).lock():
        pass


@pytest.mark.parametrize("name", ["with space", "ü" * 20, "-dash", "a" * 250])
def test_odd_but_valid_places_work(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path / name, tiny_run())
    with folder.lock():
        folder.write_training(RECORD, WEIGHTS)
    assert folder.training() is not None


def test_recorded_runs_keep_their_names() -> None:
    found = list(folders(Path(__file__).parents[2] / "results"))
    assert found
    assert [each for each in found if not isinstance(each, Folder)] == []


class TestStart:
    """Where a low-rank run starts from."""

    def low_rank(self, full: Folder, **settings: Any) -> Folder:
        start: Any = {"low_rank": "lr2", "low_rank_init": "svd", "low_rank_from": full.run.name}
        return Folder(full.results, tiny_run(arch="alexnet", **start, **settings))

    def test_a_run_from_scratch_has_none(self, folder: Folder) -> None:
        assert folder.sources() == {}

    def test_the_trained_run_of_the_same_seed_is_found(self, tmp_path: Path) -> None:
        full = fake(tmp_path, tiny_run(arch="alexnet"))
        found = self.low_rank(full).sources()
        assert {name: each.run for name, each in found.items()} == {"low_rank_from": full.run}

    @pytest.mark.parametrize(
        ("theirs", "ours", "said"),
        [
            ({}, {"seed": 1}, r"there is no .*seed-1/run.json; train it first"),
            ({"image_size": 33}, {}, "has image_size 33: expected 32"),
            ({"low_rank": "lr1"}, {}, "is a low-rank run"),
        ],
    )
    def test_a_run_that_cannot_be_started_from_is_refused(
        self, theirs: dict[str, Any], ours: dict[str, Any], said: str, tmp_path: Path
    ) -> None:
        full = fake(tmp_path, tiny_run(arch="alexnet", **theirs))
        with pytest.raises(BadInput, match=said):
            self.low_rank(full, **ours).sources()

    def test_weights_that_are_not_there_are_asked_for(self, tmp_path: Path) -> None:
        full = fake(tmp_path, tiny_run(arch="alexnet"))
        (full.path / "weights.npz").unlink()
        with pytest.raises(BadInput, match=r"has no weights here.*--results-dir"):
            self.low_rank(full).sources()


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"adversarial_eps": 2, "adversarial_steps": 7}, "--adversarial-eps, --adversarial-steps"),
        ({"sparsity": 0.5, "temperature": 20}, "--sparsity, --temperature"),
        ({"sparsity": 0.5, "rewind_from": "self", "l1": 1e-4}, "--sparsity, --rewind, --l1"),
    ],
)
def test_a_control_that_is_not_here_is_made_by_the_same_command_without_the_options_of_its_run(
    tmp_path: Path, settings: dict[str, Any], options: str
) -> None:
    with pytest.raises(BadInput, match=f"train it first, without {options}$"):
        Folder(tmp_path, tiny_run(**settings, weight_decay=0.01)).other("", "transfer")


def test_one_who_only_asks_whether_a_run_is_held_turns_nobody_away(folder: Folder) -> None:
    folder.declare()
    asked = threading.Event()

    def ask() -> None:
        with FileLock(folder.path / "lock"):
            asked.set()
            time.sleep(0.1)

    asking = threading.Thread(target=ask)
    asking.start()
    asked.wait()
    with folder.lock():
        assert Folder(folder.results, folder.run).is_locked()
    asking.join()
