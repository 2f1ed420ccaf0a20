"""The audit of a trained run: its record, its command, its place in the pipeline."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fakes import diverged, fake, tear
from tiny import SMALL_PERCEPTRON, stood_in, tiny_cell, tiny_run
from whole_runs import FGSM

from bench.audit import version
from bench.audit.battery import FULL, SCREEN, Battery
from bench.audit.evaluation import AuditEvaluation, audited, unrecorded_audits
from bench.audit.record import evidence_of
from bench.audit.verdict import judge
from bench.cli.audit_output import card
from bench.cli.main import main
from bench.datasets.base import Dataset
from bench.errors import BadInput, IntegrityError
from bench.records.schema import AuditRecord, ControlRow
from bench.records.status import State, status_of
from bench.records.store import Folder
from bench.records.typed_files import read_with_arrays
from bench.runs.pipeline import Result, Where, execute
from bench.runs.sweep.jobs import jobs_of
from bench.spec.run import Run
from bench.training.progress import Progress

DENSE = tiny_run(arch=SMALL_PERCEPTRON, epochs=6, learning_rate=0.0003)
PRUNED = tiny_run(arch=SMALL_PERCEPTRON, epochs=6, learning_rate=0.0003, sparsity=0.5)


def go(results: Path, run: Run, *audits: Battery) -> Result:
    return execute(run, (FGSM,), Where(results), Progress(quiet=True), audits=audits)


@pytest.fixture(scope="module")
def results(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dense network and a pruned one, both trained, attacked and audited."""
    path = tmp_path_factory.mktemp("audited")
    with stood_in(tiny):
        for run in (DENSE, PRUNED):
            go(path, run, SCREEN)
    return path


@pytest.fixture
def copied(results: Path, tmp_path: Path) -> Path:
    """A copy of both."""
    return Path(shutil.copytree(results, tmp_path / "copy"))


def change_audit(folder: Folder, **changes: Any) -> None:
    """Write the recorded audit again with ``changes``."""
    record, arrays = read_with_arrays(folder.audits.path("screen"), AuditRecord)
    folder.audits.write("screen", record.model_copy(update=changes), arrays)


def put_on_other_images(folder: Folder) -> None:
    """Let the network in ``folder``, and its audit, be of other images."""
    training = folder.trained()
    data = training.data.model_copy(update={"fingerprint": "e" * 64})
    folder.write_training(training.model_copy(update={"data": data}), folder.weights(training))
    change_audit(folder, data="e" * 64)


def state(folder: Folder, battery: Battery) -> State:
    return status_of(folder, (FGSM,), partial(unrecorded_audits, folder, (battery,))).state


def forget_transfer(folder: Folder) -> None:
    """Let the recorded audit be one that was made before there was a control to attack from."""
    found = folder.audits.get("screen")
    assert found is not None
    record, arrays = found
    assert record.stages[-1].stage == "transfer"
    arrays["outcomes"] = arrays["outcomes"][:-1]
    folder.audits.write("screen", record.model_copy(update={"stages": record.stages[:-1]}), arrays)


def test_the_verdict_can_be_computed_again_from_the_record(results: Path) -> None:
    folder = Folder(results, PRUNED)
    found, control = folder.audits.get("screen"), Folder(results, DENSE).audits.get("screen")
    assert found is not None
    assert control is not None
    record, arrays = found
    assert record.control == ControlRow(run=DENSE.name, seed=0, weights=control[0].weights)
    again = judge(evidence_of(record, arrays), evidence_of(*control))
    assert (again.kind, list(again.reasons)) == (record.verdict.kind, record.verdict.reasons)
    assert [row.left for row in again.rows] == [row.left for row in record.verdict.rows]
    assert audited(folder, SCREEN).verdict == record.verdict


def test_the_control_has_no_control(results: Path) -> None:
    folder = Folder(results, DENSE)
    assert audited(folder, SCREEN).control is None
    assert audited(folder, SCREEN).verdict.kind == "breaks"
    assert audited(folder, SCREEN).verdict.reasons[0] == "It is undefended: other networks are compared with it."


@pytest.mark.usefixtures("tiny_source")
def test_an_audit_is_done_once_and_again_at_another_version(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not go(results, DENSE, SCREEN).worked
    assert state(Folder(results, DENSE), SCREEN) is State.DONE
    assert state(Folder(results, DENSE), FULL) is State.INTERRUPTED
    monkeypatch.setitem(version.VERSIONS, "screen", 99)
    shutil.copytree(results, tmp_path / "copy")
    assert go(tmp_path / "copy", DENSE, SCREEN).worked
    record, _ = Folder(tmp_path / "copy", DENSE).audits.get("screen")
    assert record.version == 99


@pytest.mark.parametrize("changed", ["weights", "data"])
def test_an_audit_of_another_network_or_on_other_images_is_to_be_done_again(changed: str, copied: Path) -> None:
    folder = Folder(copied, PRUNED)
    assert AuditEvaluation(SCREEN).is_recorded(folder)
    change_audit(folder, **{changed: "0" * 64})
    assert not AuditEvaluation(SCREEN).is_recorded(folder)
    assert state(folder, SCREEN) is State.INTERRUPTED


def test_an_audit_without_transfer_is_done_again_once_there_is_a_control_on_the_same_images(copied: Path) -> None:
    pruned, dense = Folder(copied, PRUNED), Folder(copied, DENSE)
    forget_transfer(pruned)
    assert not AuditEvaluation(SCREEN).is_recorded(pruned)
    assert AuditEvaluation(SCREEN).is_recorded(dense)  # no network is attacked from itself
    put_on_other_images(dense)
    assert AuditEvaluation(SCREEN).is_recorded(pruned)
    shutil.rmtree(dense.path)
    assert AuditEvaluation(SCREEN).is_recorded(pruned)


@pytest.mark.parametrize("outdate", [forget_transfer, lambda folder: change_audit(folder, version=0)])
def test_a_sweep_makes_an_outdated_audit_again(outdate: Callable[[Folder], None], copied: Path) -> None:
    cells = [replace(tiny_cell(), run=run, specs=(FGSM,)) for run in (DENSE, PRUNED)]
    dense, pruned = jobs_of(cells, copied, None, audits=(SCREEN,))
    assert [job.status().state for job in (dense, pruned)] == [State.DONE] * 2
    outdate(pruned.folder)
    assert [job.status().state for job in (dense, pruned)] == [State.DONE, State.INTERRUPTED]


def test_a_control_on_other_images_is_none(copied: Path) -> None:
    folder, control = Folder(copied, PRUNED), Folder(copied, DENSE)
    assert audited(folder, SCREEN).control is not None
    put_on_other_images(control)
    found = audited(folder, SCREEN)
    assert found.control is None
    assert [row.control for row in found.verdict.rows] == [None, None]
    with pytest.raises(BadInput, match=rf"{DENSE.key} was trained on other images \(eeeeeeeeeeee\) than {PRUNED.key}"):
        audited(folder, SCREEN, control)


def test_a_control_whose_audit_is_of_other_weights_is_none(copied: Path) -> None:
    change_audit(Folder(copied, DENSE), weights="0" * 64)
    assert audited(Folder(copied, PRUNED), SCREEN).control is None


def test_a_named_control_that_cannot_be_compared_is_refused(copied: Path) -> None:
    folder, control = Folder(copied, PRUNED), Folder(copied, DENSE)
    with pytest.raises(BadInput, match="the same network: expected another one"):
        audited(folder, SCREEN, folder)
    change_audit(control, eps=[1.0, 4.0])
    with pytest.raises(BadInput, match=f"{DENSE.key} was audited at eps 1, 4: expected"):
        audited(folder, SCREEN, control)


@pytest.mark.usefixtures("tiny_source")
def test_a_seed_that_diverged_is_named_and_the_other_seeds_are_audited(copied: Path) -> None:
    first, later = Folder(copied, DENSE), Folder(copied, replace(DENSE, seed=1))
    training, audit = first.trained(), first.audits.get("screen")
    assert audit is not None
    later.declare()
    later.write_training(training.model_copy(update={"run": str(later.run)}), first.weights(training))
    later.audits.write("screen", *audit)
    shutil.rmtree(first.path)
    diverged(copied, DENSE)
    words = ["--results-dir", str(copied), "--json", "--quiet"]
    found = CliRunner().invoke(main, ["audit", DENSE.name, *words])
    assert found.exit_code == 1
    assert json.loads(found.stdout)["network"] == later.run.key
    assert f"{DENSE.key} diverged: there is no network to audit" in found.stderr
    named = CliRunner().invoke(main, ["audit", later.run.key, DENSE.key, *words])
    assert named.exit_code == 2
    assert f"{DENSE.key} diverged and has no network" in named.stderr


@pytest.mark.parametrize("what", ["json", "npz"])
def test_a_damaged_audit_is_refused(what: str, results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path / "copy")
    folder = Folder(tmp_path / "copy", PRUNED)
    path = folder.audits.path("screen").with_suffix(f".{what}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(IntegrityError, match="damaged"):
        folder.audits.get("screen")
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


def test_reasons_that_find_no_room_are_where_the_card_says(results: Path, tmp_path: Path) -> None:
    record, _ = Folder(results, PRUNED).audits.get("screen") or pytest.fail("no record")
    many = record.model_copy(update={"verdict": record.verdict.model_copy(update={"reasons": ["a reason"] * 30})})
    recorded, unrecorded = card("net", many, tmp_path / "screen.json"), card("net", many, None)
    assert "more reasons are in the record" in recorded
    assert "--json" in unrecorded
    assert "in the record" not in unrecorded


def test_a_damaged_folder_is_named_and_not_called_missing(tmp_path: Path) -> None:
    tear(fake(tmp_path, DENSE).path / "spec.json")
    for name in (DENSE.name, DENSE.key):
        found = CliRunner().invoke(main, ["audit", name, "--results-dir", str(tmp_path)])
        assert (found.exit_code, "spec.json" in found.output) == (4, True), found.output


@pytest.mark.usefixtures("tiny_source")
def test_two_networks_can_be_compared_the_other_way_round(results: Path) -> None:
    found = CliRunner().invoke(
        main, ["audit", DENSE.name, PRUNED.name, "--results-dir", str(results), "--json", "--quiet"]
    )
    body = json.loads(found.output)
    assert body["audit"]["control"]["run"] == PRUNED.name
    assert body["record"] is None  # which has the verdict against its own control


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([DENSE.name, "--eps", "2,4"], "--eps has no effect for the run"),
        ([DENSE.name, "--image-size", "64", "--temperature", "1"], "--image-size and --temperature have no effect"),
        ([DENSE.name, PRUNED.name, "--ensemble", "--quantise", "int8"], "--quantise has no effect with --ensemble"),
        (["--calibrate", DENSE.name], "expected no RUN"),
        (["--calibrate", "--full", "--json"], "--full and --json have no effect with --calibrate"),
    ],
)
def test_an_option_without_effect_is_refused(words: list[str], expected: str, results: Path) -> None:
    found = CliRunner().invoke(main, ["audit", *words, "--results-dir", str(results)])
    assert (found.exit_code, expected in found.output) == (2, True), found.output


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["fc5-b32"], "unknown run"), ([f"{DENSE.name}/seed-7"], "expected one of 0")],
)
def test_a_network_that_is_not_there_is_refused_with_what_is(words: list[str], expected: str, results: Path) -> None:
    found = CliRunner().invoke(main, ["audit", *words, "--results-dir", str(results)])
    assert found.exit_code == 2
    assert expected in found.output


def test_a_network_of_imagenet_is_among_the_names_of_which_the_nearest_is_told(results: Path, tmp_path: Path) -> None:
    found = CliRunner().invoke(main, ["audit", "vgg17", "--results-dir", str(results)])
    assert (found.exit_code, "did you mean 'vgg16'?" in found.output) == (2, True), found.output
    assert DENSE.name in found.output
    found = CliRunner().invoke(main, ["audit", "vgg17", "--results-dir", str(tmp_path)])
    assert (found.exit_code, "vgg16" in found.output) == (2, True), found.output


@pytest.mark.parametrize("words", [["1"], ["0", "1"], ["0", "1", "--ensemble"]])
def test_missing_weights_are_told_before_an_image_is_read(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("bench.runs.pipeline", "bench.cli.audit"):
        monkeypatch.setattr(f"{place}.images_of_run", lambda *_, **__: pytest.fail("images are read"))
    keys = {str(seed): fake(tmp_path, tiny_run(seed=seed)).run.key for seed in (0, 1)}
    (tmp_path / keys["1"] / "weights.npz").unlink()
    named = [keys.get(word, word) for word in words]
    found = CliRunner().invoke(main, ["audit", *named, "--results-dir", str(tmp_path), "--quiet"])
    assert (found.exit_code, f"{keys['1']} is recorded, but" in found.output) == (2, True), found.output
