"""An attack that needs the network of another run: found before anything begins, restored when it is asked for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import diverged, fake, trained
from tiny import SMALL_PERCEPTRON, stood_in, tiny_run, without_norms
from whole_runs import FGSM, go

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.audit.battery import SCREEN
from bench.errors import BadInput, IntegrityError
from bench.records.files import read_arrays
from bench.records.schema import Origin
from bench.records.store import Folder
from bench.runs.pipeline import Result, Where, execute
from bench.spec.control import control_of
from bench.training.progress import Progress

pytestmark = pytest.mark.usefixtures("tiny_source", "no_norms")
EPS = (0.0, 1.0, 8.0, 64.0)
CONTROL = tiny_run()
PRUNED = tiny_run(sparsity=0.5)


def transfer(source: str = "") -> AttackSpec:
    return AttackSpec(attack_named(f"transfer(source={source},steps=3)"), EPS)


@pytest.fixture
def control(tmp_path: Path, controls: Result) -> Result:
    """The trained control, in a results folder that the test may change."""
    shutil.copytree(controls.folder.results, tmp_path, dirs_exist_ok=True)
    return controls


@pytest.fixture(scope="module")
def controls(tmp_path_factory: pytest.TempPathFactory, tiny: Any) -> Result:
    with stood_in(tiny), without_norms():
        return go(tmp_path_factory.mktemp("control"), CONTROL)


def predictions(result: Result, spec: AttackSpec) -> np.ndarray:
    path = result.folder.path / "attacks" / f"{spec.name}.npz"
    return read_arrays(path, result.attacks[spec.name].artefacts[path.name].sha256, "")["predictions"]


def test_it_is_run_from_the_control_and_its_record_names_the_weights(tmp_path: Path, control: Result) -> None:
    by_name, by_default = transfer(CONTROL.name), transfer()
    result = go(tmp_path, PRUNED, by_default, by_name)
    for spec in (by_default, by_name):
        record = result.attacks[spec.name]
        assert record.sources == [Origin(run=CONTROL.name, weights=control.training.weights)]
        assert record.gradient_zero_images == 0
    np.testing.assert_array_equal(predictions(result, by_default), predictions(result, by_name))
    assert CONTROL.name in result.attacks[by_name.name].threat.knowledge
    shutil.rmtree(tmp_path / CONTROL.name)
    assert not go(tmp_path, PRUNED, by_default).worked  # what is recorded needs no source


def test_a_network_is_its_own_source_where_it_is_the_control(tmp_path: Path) -> None:
    result = go(tmp_path, CONTROL, transfer(), AttackSpec(attack_named("apgd(loss=margin,steps=3)"), EPS))
    black, white = (result.attacks[name].rows[-1].accuracy for name in result.attacks)
    assert result.attacks[transfer().name].sources == [Origin(run=CONTROL.name, weights=result.training.weights)]
    assert black == white < result.training.measured.accuracy


@pytest.mark.parametrize("run", [PRUNED, tiny_run(temperature=20.0), tiny_run(arch="alexnet", low_rank="lr1")])
def test_without_a_trained_control_nothing_begins(run: Any, tmp_path: Path) -> None:
    said = rf"transfer\(steps=3\) needs its control, {control_of(run).name}: .*no .*/seed-0/run.json; train it first, without"
    with pytest.raises(BadInput, match=said):
        go(tmp_path, run, transfer())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"image_size": 33}, "has image_size 33: expected 32"), ({"seed": 1}, "no .*/seed-0/run.json; train it first")],
)
def test_a_source_of_other_images_or_another_seed_is_refused(settings: Any, said: str, tmp_path: Path) -> None:
    source = fake(tmp_path, tiny_run(**settings)).run
    with pytest.raises(BadInput, match=said):
        go(tmp_path, PRUNED, transfer(source.name))
    assert not Folder(tmp_path, PRUNED).path.exists()


def test_a_source_that_diverged_or_has_no_weights_is_refused(tmp_path: Path) -> None:
    source = diverged(tmp_path, tiny_run(epochs=3)).run
    with pytest.raises(BadInput, match="diverged and has no network"):
        go(tmp_path, PRUNED, transfer(source.name))
    (fake(tmp_path, CONTROL).path / "weights.npz").unlink()
    with pytest.raises(BadInput, match=r"has no weights here.*--results-dir"):
        go(tmp_path, PRUNED, transfer())
    assert not Folder(tmp_path, PRUNED).path.exists()


def test_a_source_on_images_of_another_fingerprint_is_refused_before_the_training(tmp_path: Path) -> None:
    fake(tmp_path, CONTROL, data="e" * 64)
    with pytest.raises(
        BadInput, match=rf"{CONTROL.key} was trained on other images \(eeeeeeeeeeee\) than {PRUNED.key}"
    ):
        go(tmp_path, PRUNED, transfer())
    assert Folder(tmp_path, PRUNED).training() is None


def test_a_source_whose_architecture_has_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, CONTROL)
    monkeypatch.setattr("bench.records.store.source_of", lambda _: "0" * 64)
    with pytest.raises(IntegrityError, match=rf"fc5 has changed since {CONTROL.key} was trained"):
        go(tmp_path, PRUNED, transfer())
    assert not Folder(tmp_path, PRUNED).path.exists()


def test_an_audit_against_a_control_that_another_file_made_is_refused_before_the_training(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(Path(SMALL_PERCEPTRON.partition(":")[0]).read_text())
    arch = f"{file}:perceptron"
    trained(tmp_path / "results", tiny_run(arch=arch), 0.8)
    file.write_text(file.read_text() + "# changed\n")
    pruned = tiny_run(arch=arch, sparsity=0.5)
    with pytest.raises(IntegrityError, match="has changed since"):
        execute(pruned, [], Where(tmp_path / "results"), Progress(quiet=True), audits=[SCREEN])
    assert not Folder(tmp_path / "results", pruned).path.exists()


def test_other_attacks_restore_no_other_network(
    tmp_path: Path, control: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    from bench.evaluation import restored

    honest = restored.restore
    monkeypatch.setattr(restored, "restore", lambda run, *rest: built.append(run) or honest(run, *rest))
    go(tmp_path, CONTROL, AttackSpec(FGSM.attack, (0.0, 3.0)))
    assert built == [control.folder.run]
