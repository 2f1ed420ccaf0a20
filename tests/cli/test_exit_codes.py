"""Exit codes, and the line that comes with each."""

from __future__ import annotations

import builtins
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fakes import diverged, fake
from tiny import tiny_run

from bench.__main__ import start
from bench.cli.main import main
from bench.errors import BadInput, IntegrityError, Interrupted, Locked, TryLater
from bench.records.store import Folder
from bench.runs import pipeline as phases
from bench.runs.pipeline import Result


def result(folder: Folder) -> Result:
    training = folder.training()
    assert training is not None
    return Result(folder, training, folder.attacks.all(), worked=True)


def ran(monkeypatch: pytest.MonkeyPatch, end: Any, *words: str) -> Any:
    """Return how ``bench run`` ends where the work ends in ``end``, an error or a result."""

    def execute(*_: Any) -> Any:
        if isinstance(end, BaseException):
            raise end
        return end

    monkeypatch.setattr(phases, "execute", execute)
    return CliRunner().invoke(main, ["run", "--arch", "fc5", "--dataset", "synthetic", *words])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput("it is wrong"), 2),
        (IntegrityError("it is torn"), 4),
        (Locked("it is held"), 5),
        (TryLater("it is full"), 75),
        (KeyboardInterrupt(), 130),
        (Interrupted("it was stopped", 15), 143),
    ],
)
def test_an_error_is_a_line_and_a_code(error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    done = ran(monkeypatch, error)
    assert done.exit_code == code
    assert len(done.stderr.splitlines()) == 1
    assert (str(error) or "run the same command again to go on") in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (Interrupted("it was stopped", 15), 143)])
def test_a_run_that_was_started_anew_goes_on_without_restart(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = ran(monkeypatch, error, "--restart")
    assert done.exit_code == code
    assert "without --restart" in done.stderr
    assert "--restart" not in ran(monkeypatch, error).stderr


@pytest.mark.parametrize("words", [(), ("--restart",)])
def test_a_command_that_is_told_to_end_says_what_to_do_next(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
        pytest.fail("it did not end")

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(phases, "execute", killed)
    done = CliRunner().invoke(main, ["run", "--arch", "fc5", "--dataset", "synthetic", *words])
    assert done.exit_code == 128 + signal.SIGTERM
    assert "run the same command again" in done.stderr
    assert ("without --restart" in done.stderr) == bool(words)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_pruned_run_has_no_start_to_share() -> None:
    words = ["run", "--arch", "fc5", "--dataset", "synthetic", "--sparsity", "0.9", "--share-with", "shares:0.2,0.7,16"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert "--share-with is given with --sparsity 0.9" in done.stderr


def test_a_diverged_run_says_so_and_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = ran(monkeypatch, result(diverged(tmp_path, tiny_run())))
    assert done.exit_code == 1
    assert "diverged: the loss was no longer a number in epoch 2; there is no accuracy" in done.stdout


def test_a_run_that_is_done_ends_with_0_and_says_where_its_gradient_is_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny_run(temperature=20.0)
    folder = fake(tmp_path, run, (0.8, 0.7, 0.6), {"fgsm(loss=margin)": (0.8, 0.5, 0.1)})
    done = ran(monkeypatch, result(folder))
    assert done.exit_code == 0
    assert "clean accuracy 0.8000" in done.stdout
    assert done.stdout.count("the gradient is masked") == 1  # the worst of the two attackers
    assert str(folder.path / "run.json") in done.stdout


@pytest.mark.parametrize("command", ["status", "export", "report"])
def test_records_are_not_read_from_a_folder_that_is_not_there(command: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [command, "--results-dir", str(tmp_path / "resutls")])
    assert done.exit_code == 2
    assert "resutls' does not exist" in done.stderr
    assert done.stdout == ""


def test_ctrl_c_while_the_command_is_imported_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed(name: str, *rest: Any) -> Any:
        if name == "bench.cli.main":
            raise KeyboardInterrupt
        return usual(name, *rest)

    usual = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", pressed)
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err


def test_an_audit_trains_no_network(tmp_path: Path) -> None:
    run = tiny_run()
    Folder(tmp_path, run).path.mkdir(parents=True)
    Folder(tmp_path, run).declare()
    done = CliRunner().invoke(main, ["audit", run.name, "--results-dir", str(tmp_path)])
    assert (done.exit_code, f"{run.key} has no network here" in done.stderr) == (2, True), done.output


def test_a_figure_of_no_network_is_an_error(tmp_path: Path) -> None:
    place = ["--results-dir", str(tmp_path), "--output", str(tmp_path / "reports")]
    done = CliRunner().invoke(main, ["report", "--figure", "13", *place])
    assert (done.exit_code, "no trained network under" in done.stderr) == (2, True), done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run --arch fc5 --json --verbose", "--verbose has no effect with --json"),
        ("data fetch --archive a.tgz --image-size 320", "--image-size has no effect with --archive"),
        ("sweep smoke --insecure", "--cluster local takes no --insecure"),
    ],
)
def test_an_option_that_has_no_effect_is_refused(words: str, said: str) -> None:
    done = CliRunner().invoke(main, words.split())
    assert (done.exit_code, said in done.stderr) == (2, True), done.output
