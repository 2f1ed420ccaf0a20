"""``bench doctor``: each thing that can be wrong is an error with a way on, and a whole machine passes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes import fake
from packaging.requirements import Requirement
from PIL import Image

from bench.cli.main import main
from bench.doctor import machine, self_test
from bench.doctor.finding import State
from bench.doctor.places import images, writable
from bench.doctor.software import extra_of, required
from bench.errors import BenchError, Interrupted
from bench.runs.pipeline import Result
from bench.spec.run import Run
from bench.training import runtime


def test_a_package_that_is_missing_or_of_a_wrong_version_is_an_error_of_the_suite_and_a_note_of_an_extra() -> None:
    needed = [Requirement("click>=8"), Requirement("click>=900"), Requirement("no-such-package>=1")]
    found = required(needed)
    assert found.state is State.ERROR
    assert "click" in found.text
    assert "expected >=900" in found.text
    assert "no-such-package is missing" in found.text
    assert required(needed[:1]).state is State.OK
    extra = extra_of("art", needed)
    assert extra.state is State.NOTE
    assert "'.[art]'" in extra.remedy
    assert extra_of("art", needed[:1]).state is State.OK


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("BENCH_DATA_DIR", raising=False)
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_images_that_are_not_here_stop_nothing_and_a_wrong_folder_does(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = images(None)
    assert found.state is State.NOTE
    assert "downloads" in found.remedy
    assert not cache.exists()
    monkeypatch.setenv("BENCH_DATA_DIR", str(tmp_path))
    found = images(None)
    assert found.state is State.ERROR
    assert "$BENCH_DATA_DIR" in found.remedy
    assert "--data-dir" in images(tmp_path / "nowhere").remedy


def test_images_in_the_cache_are_found_and_counted(cache: Path) -> None:
    for split in ("train", "val"):
        for name in ("cat", "dog"):
            (cache / "imagenette2-320" / split / name).mkdir(parents=True)
            Image.new("RGB", (8, 8)).save(cache / "imagenette2-320" / split / name / "a.png")
    found = images(None)
    assert found.state is State.NOTE
    assert "(from the cache): 2 train and 2 val images, where Imagenette has 9,469 and 3,925" in found.text


def test_a_folder_that_cannot_be_written_is_an_error_and_one_to_come_is_not_made(tmp_path: Path) -> None:
    assert writable("results", tmp_path / "a" / "b", "choose").state is State.OK
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    found = writable("results", tmp_path / "file" / "below", "choose")
    assert found.state is State.ERROR
    assert found.remedy == "choose"


def test_a_folder_that_cannot_be_looked_into_is_an_error_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refused)
    found = writable("results", tmp_path / "a", "choose")
    assert (found.state, found.remedy) == (State.ERROR, "choose")


@pytest.mark.parametrize(
    ("flags", "devices", "word"),
    [
        ("fpu avx512_bf16", ["CPU x86_64"], "fast"),
        ("fpu avx512f", ["CPU x86_64"], "slow"),
        ("fpu avx512_bf16", ["A100"], "not known"),
        (None, ["CPU arm64"], "not known"),
    ],
)
def test_bfloat16_is_called_fast_where_the_processor_has_instructions_for_it(
    flags: str | None, devices: list[str], word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.records.processor.CPUINFO", tmp_path / "cpuinfo")
    if flags:
        (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags\t\t: {flags}\nbugs :\n")
    assert machine.bfloat16(devices).text.startswith(word)


def test_records_that_contradict_each_other_fail_the_self_test(tmp_path: Path) -> None:
    run = Run.of(arch="fc5", dataset="synthetic", image_size=32, sparsity=0.5)

    def wrong(*accuracies: float) -> list[str]:
        folder = fake(tmp_path / str(accuracies), run, accuracies)
        training = folder.training()
        assert training is not None
        metrics = training.measured.model_copy(update={"accuracy": 0.8})
        return self_test.wrong_in(
            Result(folder, training.model_copy(update={"metrics": metrics}), folder.attacks.all(), worked=True)
        )

    assert wrong(0.8, 0.5, 0.1) == []
    assert "expected 0.800, as measured" in wrong(0.7, 0.5, 0.1)[0]
    assert "expected at most 0.800" in wrong(0.8, 0.5, 0.9)[0]


def test_an_error_in_the_small_run_is_a_line_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BenchError("out of\nmemory")

    monkeypatch.setattr(self_test, "execute", refused)
    found = self_test.self_test()
    assert (found.state, found.text) == (State.ERROR, "out of memory")


def test_a_self_test_that_is_stopped_is_no_error_to_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise Interrupted("stopped", 2)

    monkeypatch.setattr(self_test, "execute", stopped)
    with pytest.raises(Interrupted):
        self_test.self_test()


def test_a_tensorflow_that_does_not_start_is_an_error_and_nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise ImportError("libgone.so: no such file")

    monkeypatch.setattr(runtime, "prepare", refused)
    done = CliRunner().invoke(main, ["doctor", "--json"])
    assert done.exit_code == 1
    assert "not all is well: device" in done.stderr
    body = json.loads(done.stdout)
    states = {each["name"]: each["state"] for each in body["findings"]}
    assert not body["ok"]
    assert states["device"] == "error"
    assert "self-test" not in states


def test_all_is_well_here_and_the_small_run_leaves_nothing(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "BENCH_CACHE_DIR": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    kept = {name: os.environ[name] for name in ("PYTHONPATH", "OPENBLAS_NUM_THREADS") if name in os.environ}
    command = [sys.executable, "-m", "bench", "doctor", "--results-dir", str(tmp_path / "results")]
    done = subprocess.run(
        command, env=environment | kept, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a small network" in done.stdout.splitlines()[-1]
    assert not (tmp_path / "results").exists()
    assert list(tmp_path.glob("bench-doctor-*")) == []
