"""A live line that fits the terminal; without one, a long silence is broken by a line that says how far the work is."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from bench.training import progress
from bench.training.checkpoint import Position
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


class Line:
    """The live line as a terminal of some width shows it."""

    def __init__(self, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(width))
        self.now = 0.0
        self.progress = Progress()
        self.progress._bars.get_time = lambda: self.now
        self.width = width

    def text(self) -> str:
        """Return the line after 100 seconds, without colours."""
        self.now += 100.0
        console = Console(width=self.width, record=True, file=io.StringIO())
        console.print(self.progress._bars.get_renderable())
        (line,) = console.export_text().splitlines()
        return line.rstrip()


@pytest.mark.parametrize("epochs", [9, 99])
def test_a_training_fits_a_terminal_of_80_columns_with_its_bar_and_the_time_left(
    epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(80, monkeypatch)
    for step in (1, 40):
        at = Position(epoch=0, step=step, seen=128 * step, correct=64 * step, loss=2.5 * 128 * step)
        line.progress.batch(at, 100, epochs, 640.0)
        shown = line.text()
    assert len(shown) <= 80
    assert re.match(r"training ━{2,}", shown)
    assert re.search(rf" epoch 1/{epochs}  loss 2\.500  accuracy 0\.500  640 images/s \d+:\d\d:\d\d$", shown), shown


def test_a_wide_terminal_shows_the_sparsity_too(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(120, monkeypatch)
    at = Position(epoch=1, step=1, seen=128, correct=64, loss=320.0, history=[{"sparsity": 0.25}])
    line.progress.batch(at, 100, 9, 640.0)
    assert "640 images/s  sparsity 0.250" in line.text()


def test_a_long_name_leaves_room_for_the_count_and_another_name_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(80, monkeypatch)
    name = "apgd(steps=1000,restarts=100,loss=margin) eps=0,1,2,4,"
    line.progress.counter(name + "8")(2500, 5000)
    assert re.match(r"apgd\(steps=1000,restarts=100,… [━╸╺]+ 2,500 of 5,000 [-:\d]{7}$", line.text())
    line.progress.counter(name + "16")(1, 3)
    assert "1 of 3 -:--:--" in line.text()


def test_no_color_takes_the_colours_away(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    colour = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])")

    def shown() -> str:
        with Line(80, monkeypatch).progress as live:
            live.count("training", 1, 2, "epoch 1/2")
            live._bars.refresh()
        return capsys.readouterr().err

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert colour.search(shown())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "epoch 1/2" in shown()
    assert not colour.search(shown())
