"""A pruned run that goes on from the prefix of its control ends with the same bits as a run from the start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

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

SPEC = AttackSpec(attack_named("fgsm"), (0.0, 8.0))
SCHEDULE = Fractions(0.5, 1.0, 2)


def go(
    results: Path,
    run: Run,
    progress: Progress,
    share_with: tuple[Schedule, ...] = (),
    attacks: Sequence[AttackSpec] = (SPEC,),
) -> Folder:
    return execute(run, attacks, Where(results), progress, share_with=share_with).folder


@pytest.mark.usefixtures("tiny_source")
@pytest.mark.parametrize(
    "settings",
    [
        {"arch": "fc5", "sparsity": 0.9},
        {"arch": "alexnet", "sparsity": 0.5, "low_rank": "lr1", "temperature": 20.0, "clip_norm": 1.0},
        {"arch": "resnet18", "sparsity": 0.9, "pruning": "random"},
        {"arch": "fc5", "sparsity": 0.5, "pruning": "filter"},
        {"arch": "fc5", "sparsity": 0.8, "adversarial_eps": 4.0},
    ],
    ids=lambda settings: f"{settings['arch']}-{settings['sparsity']}",
)
def test_a_shared_prefix_changes_no_bit(
    settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is slow to measure follows from the weights, whose bits are compared. So do attacks: FC5 alone is attacked.
    monkeypatch.setattr("bench.evaluation.metrics.operator_norm", lambda _: 1.0)
    monkeypatch.setattr("bench.evaluation.metrics.gzip.compress", lambda data, **_: data[:1])
    loud = Progress()
    run = tiny_run(schedule=SCHEDULE, **settings)
    attacks = [SPEC] if run.arch == "fc5" else []
    alone = go(tmp_path / "alone", run, loud, attacks=attacks)
    assert "goes on from its unpruned control" not in capsys.readouterr().err
    go(tmp_path / "shared", run.unpruned, loud, (SCHEDULE,), attacks)
    branched = go(tmp_path / "shared", run, loud, attacks=attacks)
    assert "goes on from its unpruned control" in capsys.readouterr().err
    assert identity(alone.path) == identity(branched.path)


@pytest.mark.usefixtures("tiny_source")
def test_a_control_that_leaves_its_state_is_the_control(tmp_path: Path) -> None:
    run = tiny_run(schedule=SCHEDULE, sparsity=0.5).unpruned
    unfit = Steps(100, 8, 250)  # its own run is refused, and not the control
    leaving = go(tmp_path / "leaving", run, Progress(quiet=True), (unfit, SCHEDULE))
    plain = go(tmp_path / "plain", run, Progress(quiet=True))
    assert leaving.shared_prefixes() == 1
    left = {name: value for name, value in identity(leaving.path).items() if not name[0].isdigit()}
    assert left == identity(plain.path)


@pytest.mark.usefixtures("tiny_source")
def test_a_prefix_of_another_version_is_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny_run(schedule=SCHEDULE, sparsity=0.5)
    go(tmp_path, run.unpruned, Progress(), (SCHEDULE,))
    monkeypatch.setattr("bench.training.loop.TRAINING", 0)
    go(tmp_path, run, Progress())
    assert "goes on from its unpruned control" not in capsys.readouterr().err


def test_a_control_is_the_run_without_pruning() -> None:
    run = tiny_run(sparsity=0.9, pruning="random", temperature=20.0, adversarial_eps=2.0, seed=3)
    assert run.unpruned == tiny_run(temperature=20.0, adversarial_eps=2.0, seed=3)
    assert run.unpruned.unpruned == run.unpruned
