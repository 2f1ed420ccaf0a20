"""Catastrophic overfitting is said where one step and ten part."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import tiny_run
from whole_runs import go

from bench.cli.run_output import summary
from bench.methods.adversarial_training import AdversarialTraining
from bench.training.overfitting import catastrophic
from bench.training.progress import Progress


@pytest.mark.parametrize(
    ("one", "ten", "said"), [(0.5, 0.29, True), (0.5, 0.31, False), (0.3, 0.5, False), (None, None, False)]
)
def test_it_is_said_where_the_gap_is_more_than_a_fifth(one: float | None, ten: float | None, said: bool) -> None:
    found = catastrophic({"epoch": 3, "accuracy_one_step": one, "accuracy_ten_steps": ten})
    assert (found is not None) == said
    assert found is None or "epoch 3" in found


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_run_says_it_during_training_keeps_it_and_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([{"accuracy_one_step": 0.6, "accuracy_ten_steps": ten} for ten in (0.55, 0.1)])
    monkeypatch.setattr(AdversarialTraining, "measure", lambda *_: next(drawn))
    lines: list[str] = []
    monkeypatch.setattr(Progress, "say", lambda _, line: lines.append(line))
    result = go(tmp_path, tiny_run(arch="small", adversarial_eps=2.0))
    (said,) = [line for line in lines if "catastrophic overfitting" in line]
    assert "epoch 2" in said
    assert [row.accuracy_ten_steps for row in result.training.history] == [0.55, 0.1]
    assert "catastrophic overfitting in epoch 2" in summary(result)
