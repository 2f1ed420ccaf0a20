"""``bench status`` names every run, and says by its exit code whether a record is damaged or cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import diverged, fake, forbid, lacking, tear
from tiny import tiny_run

from bench.cli.main import main


def status(results: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["status", "--results-dir", str(results), *words])


def test_each_run_has_a_line_with_its_state(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    diverged(tmp_path, tiny_run(seed=1))
    done = status(tmp_path)
    assert done.exit_code == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["done", f"{tiny_run().name}/seed-0"],
        ["diverged", f"{tiny_run().name}/seed-1"],
    ]
    assert done.stderr == ""


def test_no_run_is_no_error(tmp_path: Path) -> None:
    done = status(tmp_path)
    assert (done.exit_code, done.stdout) == (0, f"no run under {tmp_path}\n")


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_damaged_and_unreadable_runs_are_counted_apart(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, tiny_run())
    tear(fake(tmp_path, tiny_run(seed=1)).path / "spec.json")
    lacking("status")(fake(tmp_path, tiny_run(seed=2)).path / "run.json")
    forbid(fake(tmp_path, tiny_run(seed=3)).path / "run.json", monkeypatch)
    done = status(tmp_path, *words)
    assert done.exit_code == 4
    assert "2 damaged, 1 unreadable" in done.stderr
    if words:
        found = json.loads(done.stdout)
        assert [each["state"] for each in found["runs"]] == ["done", "invalid", "unreadable"]
        assert len(found["broken"]) == 1
    else:
        states = {line.split()[0] for line in done.stdout.splitlines()}
        assert states == {"done", "invalid", "unreadable"}


def test_a_run_without_its_spec_is_listed(tmp_path: Path) -> None:
    (fake(tmp_path, tiny_run()).path / "spec.json").unlink()
    done = status(tmp_path)
    assert done.stdout.startswith(f"done         {tiny_run().name}/seed-0")


def test_a_damaged_record_of_several_networks_is_listed(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    path = tmp_path / "fooling/2-networks-01234567.json"
    path.parent.mkdir()
    path.write_text("{")
    done = status(tmp_path)
    assert done.exit_code == 4
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["done", "invalid"]
    assert str(path) in done.stdout
    assert "1 damaged" in done.stderr


def test_the_records_can_be_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fake(tmp_path, tiny_run())
    tear(folder.path / "run.json")
    monkeypatch.chdir(tmp_path)
    done = status(Path())
    assert done.exit_code == 4
    assert done.stdout.split()[:2] == ["invalid", folder.run.key]
