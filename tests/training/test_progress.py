"""Where there is no terminal, a long silence is broken by a line that says how far the work is."""

from __future__ import annotations

import pytest

from bench.training import progress
from bench.training.progress import Progress


def test_a_line_now_and_then_and_not_at_every_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    quiet = Progress()
    for second in range(101):
        now[0] = float(second)
        quiet.count("training", second, 100, f"{second} of 100")
    assert capsys.readouterr().err.splitlines() == [f"training: {second} of 100" for second in (31, 62, 93)]


def test_a_line_that_was_said_counts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    quiet = Progress()
    now[0] = 29.0
    quiet.say("epoch 1")
    now[0] = 58.0
    quiet.count("training", 1, 2)
    assert capsys.readouterr().err.splitlines() == ["epoch 1"]
