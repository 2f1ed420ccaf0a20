"""The audit of a trained run: its record, its command, its place in the pipeline."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny import tiny_run
from whole_runs import FGSM

from bench.audit import version
from bench.audit.evaluation import audited, control_audit
from bench.audit.record import evidence_of
from bench.audit.verdict import judge
from bench.cli.main import main
from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.errors import IntegrityError
from bench.records.status import State, status_of
from bench.records.store import Folder
from bench.runs.pipeline import Result, Where, execute
from bench.training.progress import Progress

DENSE = tiny_run(epochs=6, learning_rate=0.01)
PRUNED = tiny_run(epochs=6, learning_rate=0.01, sparsity=0.5)


def go(results: Path, run: object, *audits: str) -> Result:
    return execute(run, (FGSM,), Where(results), Progress(quiet=True), audits=audits)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def results(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dense network and a pruned one, both trained, attacked and audited."""
    path, source = tmp_path_factory.mktemp("audited"), DATASETS["synthetic"]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(DATASETS, "synthetic", type(source)(load=lambda *_: tiny, named=True))
        for run in (DENSE, PRUNED):
            go(path, run, "screen")
    return path


def test_the_verdict_can_be_computed_again_from_the_record(results: Path) -> None:
    folder = Folder(results, PRUNED)
    found, control = folder.audit("screen"), control_audit(folder, "screen")
    assert found is not None
    assert control is not None
    record, arrays = found
    assert record.control == control[0]
    assert control[0].run == DENSE.name
    again = judge(evidence_of(record, arrays), control[1])
    assert (again.kind, list(again.reasons)) == (record.verdict.kind, record.verdict.reasons)
    assert [row.left for row in again.rows] == [row.left for row in record.verdict.rows]
    assert audited(folder, "screen").verdict == record.verdict


def test_the_control_has_no_control(results: Path) -> None:
    folder = Folder(results, DENSE)
    assert control_audit(folder, "screen") is None
    assert audited(folder, "screen").verdict.kind in ("inconclusive", "masked")


@pytest.mark.usefixtures("tiny_source")
def test_an_audit_is_done_once_and_again_at_another_version(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not go(results, DENSE, "screen").worked
    assert status_of(Folder(results, DENSE), (FGSM,), ("screen",)).state is State.DONE
    assert status_of(Folder(results, DENSE), (FGSM,), ("full",)).state is State.INTERRUPTED
    monkeypatch.setitem(version.VERSIONS, "screen", 99)
    shutil.copytree(results, tmp_path / "copy")
    assert go(tmp_path / "copy", DENSE, "screen").worked
    record = Folder(tmp_path / "copy", DENSE).audits()["screen"]
    assert record.version == 99


@pytest.mark.parametrize("what", ["json", "npz"])
def test_a_damaged_audit_is_refused(what: str, results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path / "copy")
    folder = Folder(tmp_path / "copy", PRUNED)
    path = folder.audit_path("screen").with_suffix(f".{what}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(IntegrityError, match="damaged"):
        folder.audit("screen")
    assert status_of(folder).state is State.INVALID


@pytest.mark.usefixtures("tiny_source")
def test_the_command_prints_a_card_of_fewer_than_20_lines_and_json(results: Path) -> None:
    where = ["--results-dir", str(results), "--quiet"]
    shown = CliRunner().invoke(main, ["audit", PRUNED.name, *where])
    assert shown.exit_code == 0, shown.output
    assert len(shown.output.splitlines()) < 20
    for words in ("FGSM says", "really left", "illusion", DENSE.name, "eps, pixel levels", "true labels"):
        assert words in shown.output
    body = json.loads(CliRunner().invoke(main, ["audit", PRUNED.key, *where, "--json"]).output)
    assert body["network"] == PRUNED.key
    assert body["audit"]["verdict"]["kind"] in shown.output


@pytest.mark.usefixtures("tiny_source")
def test_two_networks_can_be_compared_the_other_way_round(results: Path) -> None:
    found = CliRunner().invoke(
        main, ["audit", DENSE.name, PRUNED.name, "--results-dir", str(results), "--json", "--quiet"]
    )
    assert json.loads(found.output)["audit"]["control"]["run"] == PRUNED.name


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["fc5-b32"], "unknown run"), ([f"{DENSE.name}/seed-7"], "expected one of 0")],
)
def test_a_network_that_is_not_there_is_refused_with_what_is(words: list[str], expected: str, results: Path) -> None:
    found = CliRunner().invoke(main, ["audit", *words, "--results-dir", str(results)])
    assert found.exit_code == 2
    assert expected in found.output
