"""Figures that other processes write: with the same bytes, and with what went wrong there said here."""

from __future__ import annotations

from pathlib import Path

import pytest
from readback import written
from recorded import SPARSE, record

from bench.errors import TryLater
from bench.records.collection import read
from bench.report.figures.accuracy_curves import draw
from bench.report.figures.overviews import OVERVIEWS
from bench.report.figures.save import FEW, Press
from bench.report.panels import Panel
from bench.report.tables.figure_table import figure_table


def test_figures_drawn_in_other_processes_have_the_same_bytes(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1])
    records = read(tmp_path)
    table = figure_table(SPARSE, records)
    for name, groups in (("here", FEW), ("beside", FEW + 1)):
        with Press(tmp_path / name, groups) as press:
            heat = OVERVIEWS["heat"].draw(SPARSE, records, table)
            assert heat is not None
            press.save("heat", heat, ["png", "svg"])
            press.save("sparse-a", draw(SPARSE, records, table, Panel.A), ["svg"])
    assert written(tmp_path / "here") == written(tmp_path / "beside")
    assert set(written(tmp_path / "here")) == {"figures/heat.png", "figures/heat.svg", "figures/sparse-a.svg"}


def test_a_figure_that_cannot_be_written_in_another_process_says_so(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1])
    records = read(tmp_path)
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(TryLater, match="cannot write"), Press(tmp_path / "reports", FEW + 1) as press:
        press.save("sparse-a", draw(SPARSE, records, figure_table(SPARSE, records), Panel.A), ["svg"])
