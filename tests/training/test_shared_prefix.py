"""A pruned run that goes on from the prefix of its control leaves the records of a run from the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from records import identity
from tiny import tiny_run

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.records.store import Folder
from bench.runs.pipeline import Where, execute
from bench.spec.pruning_schedule import Fractions, Schedule, Steps
from bench.spec.run import Run
from bench.training.progress import Progress

pytestmark = pytest.mark.usefixtures("tiny_source", "small_network")
SPEC = AttackSpec(attack_named("fgsm"), (0.0, 8.0))
SCHEDULE = Fractions(0.5, 1.0, 2)
UNFIT = Steps(100, 8, 250)  # its own run is refused, and not the control
SAID = "goes on from its unpruned control"


def pruned() -> Run:
    return tiny_run(arch="small", schedule=SCHEDULE, sparsity=0.9)


def go(results: Path, run: Run, share_with: tuple[Schedule, ...] = ()) -> Folder:
    return execute(run, [SPEC], Where(results), Progress(), share_with=share_with).folder


@pytest.fixture
def control(tmp_path: Path) -> Path:
    """Return results with the control, which left its state for pruned runs."""
    go(tmp_path / "shared", pruned().unpruned, (UNFIT, SCHEDULE))
    return tmp_path / "shared"


def test_a_shared_prefix_changes_no_bit(control: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = go(tmp_path / "alone", pruned())
    assert SAID not in capsys.readouterr().err
    branched = go(control, pruned())
    assert SAID in capsys.readouterr().err
    assert identity(alone.path) == identity(branched.path)


def test_a_control_that_leaves_its_state_is_the_control(control: Path, tmp_path: Path) -> None:
    leaving, plain = Folder(control, pruned().unpruned), go(tmp_path / "plain", pruned().unpruned)
    assert leaving.shared_prefixes() == 1
    left = {name: value for name, value in identity(leaving.path).items() if not name[0].isdigit()}
    assert left == identity(plain.path)


def test_a_prefix_of_another_version_is_not_shared(
    control: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.training.loop.TRAINING", 0)
    go(control, pruned())
    assert SAID not in capsys.readouterr().err


def test_a_control_is_the_run_without_pruning() -> None:
    run = tiny_run(sparsity=0.9, pruning="random", temperature=20.0, adversarial_eps=2.0, seed=3)
    assert run.unpruned == tiny_run(temperature=20.0, adversarial_eps=2.0, seed=3)
    assert run.unpruned.unpruned == run.unpruned
