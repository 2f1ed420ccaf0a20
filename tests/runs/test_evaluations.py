"""A second kind of evaluation is a file and a line in the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from tiny import tiny_run
from whole_runs import FGSM, go

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.audit.battery import SCREEN
from bench.errors import BadInput
from bench.evaluation.base import Evaluation, Subject
from bench.records.store import Folder
from bench.runs.evaluations import EVALUATIONS, Wanted, evaluations_of


@dataclass(frozen=True)
class MeanLogit:
    """The mean of the logits on the validation images."""

    library: str = ""
    remedy: str = "install it"

    def __str__(self) -> str:
        return "mean-logit"

    def is_recorded(self, folder: Folder) -> bool:
        return (folder.path / "mean-logit.txt").exists()

    def evaluate(self, subject: Subject) -> None:
        mean = float(subject.network.logits(subject.data.val.images.astype("float32")).mean())
        (subject.folder.path / "mean-logit.txt").write_text(f"{mean} of {subject.training.weights}")


def mean_logit(wanted: Wanted) -> list[Evaluation]:
    del wanted
    return [MeanLogit()]


def test_the_attacks_of_a_run_and_its_audits_are_its_evaluations_in_their_order() -> None:
    other = AttackSpec(FGSM.attack, (0.0, 1.0))
    found = evaluations_of(Wanted((FGSM, other), (SCREEN,)))
    assert [str(each) for each in found] == [str(FGSM), str(other), "audit (screen)"]


@pytest.mark.usefixtures("tiny_source")
def test_an_evaluation_is_added_by_a_line_and_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = go(tmp_path, tiny_run())
    written = {path: path.stat().st_mtime_ns for path in first.folder.path.glob("attacks/*")}
    assert written
    monkeypatch.setitem(EVALUATIONS, "mean-logit", mean_logit)
    second = go(tmp_path, tiny_run())
    assert second.worked
    assert second.training.weights in (second.folder.path / "mean-logit.txt").read_text()
    assert {path: path.stat().st_mtime_ns for path in first.folder.path.glob("attacks/*")} == written
    assert not go(tmp_path, tiny_run()).worked


@pytest.mark.usefixtures("tiny_source")
def test_an_evaluation_without_its_library_is_refused_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EVALUATIONS, "mean-logit", lambda _: [MeanLogit("no_such_library")])
    with pytest.raises(BadInput, match=r"mean-logit needs the module no_such_library, .*: install it"):
        go(tmp_path, tiny_run())
    assert not list(tmp_path.glob("*/seed-0/run.json"))


def test_only_an_attack_of_the_suite_names_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Other(Fgsm):
        kind = "other"
        library = "no_such_library"

    (foreign,) = evaluations_of(Wanted((AttackSpec(Other()),)))
    assert foreign.library == "no_such_library"
    assert "bench-robustness" not in foreign.remedy
    assert __name__ in foreign.remedy
    monkeypatch.setattr(Fgsm, "library", "art")
    (own,) = evaluations_of(Wanted((FGSM,)))
    assert own.remedy == "pip install 'bench-robustness[art]'"
