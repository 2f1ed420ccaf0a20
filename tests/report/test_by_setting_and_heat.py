"""The picture by setting and the map of differences, computed again from the raw files, by other code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from oracle import figures, raw
from recorded import EPS, RUNS, SPARSE, bound, record

from bench.report.figures.overviews import OVERVIEWS
from bench.report.figures.save import render
from bench.report.figures.style import blank, network_axis, ordered
from bench.report.tables.figure_table import figure_table


def test_the_overviews_have_the_numbers_of_the_records(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.2])
    group = bound(SPARSE, tmp_path)
    table = figure_table(group)
    means = [
        np.mean([figures(seed["right"])["accuracy"] for seed in raw(tmp_path, run)], axis=0) for run in RUNS.values()
    ]
    by_setting, heat = (OVERVIEWS[name].draw(group, table) for name in ("by-setting", "heat"))
    assert by_setting is not None
    assert heat is not None
    drawn = {str(line.get_label()): list(line.get_ydata()) for line in by_setting.axes[0].get_lines()}
    for radius in (1.0, 2.0, 4.0):
        assert drawn[f"eps {radius:g}"] == pytest.approx([100 * mean[EPS.index(radius)] for mean in means])
    words = [text.get_text() for text in heat.axes[0].texts]
    expected = [
        100 * float(each - dense) for mean in means[1:] for each, dense in zip(mean[1:], means[0][1:], strict=True)
    ]
    assert [float(word.rstrip("*")) for word in words] == pytest.approx(expected, abs=0.051)
    assert all(word.endswith("*") for word in words[len(EPS) - 1 :][:4])
    assert not any(word.endswith("*") for word in words[: len(EPS) - 1])
    for figure in (by_setting, heat):
        assert set(render(figure, ["svg"])) == {"svg"}


def test_networks_of_several_methods_are_not_joined_by_a_line(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.2])
    group = bound(SPARSE, tmp_path)
    mixed = replace(group, runs=(*group.runs, replace(group.runs[-1], sparsity=0.0, temperature=50.0)))
    assert ordered(group)
    assert not ordered(mixed)
    drawn = OVERVIEWS["by-setting"].draw(group, figure_table(group))
    assert drawn is not None
    assert [line.get_linestyle() for line in drawn.axes[0].get_lines() if line.get_label() == "eps 1"] == ["-"]


def test_names_that_have_no_room_below_the_axis_do_not_lie_on_one_another(tmp_path: Path) -> None:
    group = bound(SPARSE, tmp_path)
    runs = [replace(group.runs[-1], adversarial_eps=2.0, adversarial_steps=steps) for steps in range(2, 14)]
    _, (axes,) = blank()
    network_axis(axes, group, runs)
    labels = axes.get_xticklabels()
    assert len(labels) == len(runs)
    assert {label.get_rotation() for label in labels} == {35.0}
    _, (roomy,) = blank()
    network_axis(roomy, group, runs[:1])
    assert {label.get_rotation() for label in roomy.get_xticklabels()} == {0.0}
