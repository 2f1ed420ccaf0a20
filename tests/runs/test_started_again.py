"""A run that is started again does what is not recorded yet, and nothing twice, on the images that it began with."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes import EPS, diverged, fake
from records import identity
from tiny import only_seed_folder, small_file, tiny_run
from whole_runs import FGSM, go

from bench.attacks.spec import AttackSpec, attack_specs
from bench.audit.battery import SCREEN
from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.errors import BadInput, IntegrityError
from bench.records.files import read_json, write_json
from bench.records.store import Folder
from bench.runs.pipeline import Result, Where, execute
from bench.spec.control import control_of
from bench.spec.pruning_schedule import Steps
from bench.spec.run import Run
from bench.training.progress import Progress

RESULTS = Path(__file__).parents[2] / "results"
pytestmark = pytest.mark.usefixtures("tiny_source", "small_network")


def test_a_run_killed_in_every_one_of_its_writes_ends_as_the_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def sync(handle: int) -> None:
        # Die in each file's write once, with its content half on its way, and let it through the second time.
        target = str(Path(f"/proc/self/fd/{handle}").readlink()).rsplit("-", 1)[0]
        if target not in died:
            died.append(target)
            raise Killed

    run, died = tiny_run(arch="small"), list[str]()
    whole = go(tmp_path / "whole", run)
    monkeypatch.setattr("os.fsync", sync)
    for _ in range(20):
        with contextlib.suppress(Killed):
            go(tmp_path / "killed", run)
            break
    # The spec; arrays and record of two epochs' checkpoints, of the training and of the attack; the gallery.
    assert len(died) == 10
    assert identity(only_seed_folder(tmp_path / "killed")) == identity(whole.folder.path)


def test_a_recorded_run_is_not_done_again(finished: Result, copied: Path) -> None:
    assert finished.worked
    again = go(copied, finished.folder.run)
    assert not again.worked
    assert again.attacks == finished.attacks
    assert identity(only_seed_folder(copied)) == identity(finished.folder.path)


def test_an_attack_on_other_weights_is_done_again(finished: Result, copied: Path) -> None:
    path = only_seed_folder(copied) / "attacks" / f"{FGSM.name}.json"
    write_json(path, "bench.attack/2", {**read_json(path, "bench.attack/2"), "weights": "0" * 64})
    again = go(copied, finished.folder.run)
    assert again.worked
    assert again.attacks[FGSM.name].weights == finished.training.weights
    assert identity(only_seed_folder(copied)) == identity(finished.folder.path)


def test_a_run_that_diverged_has_no_attack_of_an_earlier_training(tmp_path: Path) -> None:
    folder = fake(tmp_path, tiny_run())
    (folder.path / "run.json").unlink()
    diverged(tmp_path, folder.run)
    (attack,) = attack_specs(folder.run, [], EPS, 1.0)
    assert go(tmp_path, folder.run, attack).attacks == {}


def test_a_finer_grid_attacks_the_same_weights_and_trains_nothing(
    finished: Result, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.training.loop.train", lambda *_: pytest.fail("trained again"))
    finer = AttackSpec(FGSM.attack, (0.0, 0.5, 1.0, 8.0, 64.0))
    second = go(copied, finished.folder.run, finer)
    coarse, fine = (
        {row.eps: row for row in each.attacks[spec.name].rows} for each, spec in ((finished, FGSM), (second, finer))
    )
    assert all(coarse[eps] == fine[eps] for eps in FGSM.eps)
    assert second.folder.attacks.get(FGSM.name) is not None


def test_a_new_attack_on_a_record_without_weights_is_refused_before_an_image_is_read(
    finished: Result, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (only_seed_folder(copied) / "weights.npz").unlink()
    monkeypatch.setattr("bench.runs.pipeline.images_of_run", lambda *_, **__: pytest.fail("images read"))
    assert go(copied, finished.folder.run).attacks == finished.attacks
    with pytest.raises(BadInput, match=r"weights are not here.*--results-dir"):
        go(copied, finished.folder.run, AttackSpec(FGSM.attack, (0.0, 0.5)))


def test_other_images_under_a_recorded_run_are_refused_and_restart_starts_over(
    finished: Result, copied: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Dataset("tiny", tiny.val, tiny.train, tiny.classes, "0" * 64)
    unnamed = type(DATASETS["synthetic"])(load=lambda *_: other, named=False)
    monkeypatch.setitem(DATASETS, "synthetic", unnamed)
    run = finished.folder.run
    with pytest.raises(IntegrityError, match=r"other images.*--restart"):
        go(copied, run)
    result = go(copied, run, restart=True)
    assert result.worked
    assert result.training.data.fingerprint == "0" * 64


@pytest.mark.parametrize(
    "settings",
    [
        {"sparsity": 0.5, "schedule": Steps(100, 8, 250)},
        {"dataset": "folder"},
        {"arch": "resnet18", "low_rank": "lr1", "low_rank_init": "svd", "low_rank_from": "none"},
    ],
    ids=["schedule", "images", "start"],
)
def test_a_restart_that_is_refused_throws_nothing_away(settings: dict[str, Any], tmp_path: Path) -> None:
    folder = fake(tmp_path, tiny_run(**settings))
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    with pytest.raises(BadInput):
        go(tmp_path, folder.run, restart=True)
    after = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file() and path.name != "lock"}
    assert after == before


def test_starts_of_one_run_at_once_train_it_once(tmp_path: Path) -> None:
    arch, results = small_file(tmp_path), tmp_path / "results"
    text = f"run --arch {arch} --dataset synthetic --epochs 1 --image-size 32 --eps 0,1 --quiet --results-dir"
    command = [sys.executable, "-m", "bench", *text.split(), str(results)]
    starts = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [start.communicate()[1] for start in starts]
    codes = [start.returncode for start in starts]
    assert sorted(set(codes)) == [0, 5], said
    assert sum(code == 0 and "already done" not in text for code, text in zip(codes, said, strict=True)) == 1
    run = Run.of(arch=arch, dataset="synthetic", epochs=1, image_size=32)
    folder = Folder(results, run)
    assert folder.training() is not None
    assert folder.attacks.get(AttackSpec(FGSM.attack, (0.0, 1.0)).name) is not None
    assert not list(results.rglob("*.part"))


def test_a_run_whose_teacher_is_not_there_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    run = tiny_run(arch="small", temperature=20.0, distill_from="self")
    with pytest.raises(BadInput, match=r"--distill-from .*train it first"):
        go(tmp_path, run)
    assert list(tmp_path.iterdir()) == []


def test_a_network_whose_control_was_audited_since_is_judged_again(tmp_path: Path) -> None:
    run = Run.of(arch="resnet18", sparsity=0.98)
    folder, control = Folder(tmp_path, run), Folder(tmp_path, control_of(run))
    shutil.copytree(RESULTS / run.key, folder.path)
    written = read_json(folder.audits.path("screen"), "bench.audit/1")
    lone = {**written, "control": None, "verdict": {**written["verdict"], "kind": "inconclusive"}}
    write_json(folder.audits.path("screen"), "bench.audit/1", lone)

    def verdict() -> str:
        found = execute(run, [], Where(tmp_path), Progress(quiet=True), audits=(SCREEN,))
        assert not found.worked
        return found.audits["screen"].verdict.kind

    assert verdict() == "inconclusive"
    shutil.copytree(RESULTS / control.run.key, control.path)
    assert verdict() == "breaks"
    assert read_json(folder.audits.path("screen"), "bench.audit/1")["verdict"]["kind"] == "breaks"
