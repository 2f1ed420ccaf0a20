"""The panels of a figure: whose numbers their lines are, how a masked attack is drawn, and legends that fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import fake
from oracle import figures, raw
from recorded import EPS, GROUPS, RUNS, SPARSE, bound, record

from bench.report.figures.accuracy_curves import draw, lines
from bench.report.figures.overviews import OVERVIEWS
from bench.report.figures.save import render
from bench.report.figures.style import legend_columns
from bench.report.panels import Panel
from bench.report.tables.figure_table import figure_table
from bench.report.wording import seeds_in_words
from bench.spec.run import Run


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("panel", Panel)
def test_the_lines_of_a_figure_are_the_numbers_of_the_records(tmp_path: Path, panel: Panel, seeds: int) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1], seeds=seeds)
    group = bound(SPARSE, tmp_path)
    figure = draw(group, figure_table(group), panel)
    axes, below = figure.axes
    drawn = {str(line.get_label()): line for line in axes.get_lines()}
    assert set(drawn) == {*RUNS, *(["chance, 10 classes"] if panel is Panel.A else [])}
    for label, run in RUNS.items():
        each = [figures(seed["right"])[str(panel.quantity)] for seed in raw(tmp_path, run)]
        assert list(drawn[label].get_xdata()) == list(EPS)
        assert list(drawn[label].get_ydata()) == pytest.approx(list(100 * np.mean(each, axis=0)))
        assert drawn[label].get_linestyle() == "-"
    assert len({line.get_marker() for line in drawn.values()}) == len(drawn)
    assert len(axes.collections) == len(RUNS) + (seeds if seeds > 1 else 0) * len(RUNS)
    dense = np.array(drawn["dense"].get_ydata())
    zero, *differences = (np.array(line.get_ydata()) for line in below.get_lines())
    assert not zero.any()
    for label, difference in zip([label for label in RUNS if label != "dense"], differences, strict=True):
        assert list(difference) == pytest.approx(list(drawn[label].get_ydata() - dense))


def test_no_interval_is_drawn_beside_one_of_another_number_of_seeds(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:1], [0], seeds=3)
    record(tmp_path, SPARSE.runs[1:], [0, -0.1], seeds=1)
    group = bound(SPARSE, tmp_path)
    axes, _ = draw(group, figure_table(group), Panel.A).axes
    assert len(axes.collections) == 3  # the three seeds of the first network, as points
    assert "No intervals" in seeds_in_words(group, "Shaded")
    record(tmp_path, SPARSE.runs[1:], [0, -0.1], seeds=3)
    assert "Shaded: 95 % interval" in seeds_in_words(bound(SPARSE, tmp_path), "Shaded")


def test_the_axis_of_eps_has_no_bend(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1], seeds=1)
    group = bound(SPARSE, tmp_path)
    axes, _ = draw(group, figure_table(group), Panel.A).axes
    places = axes.xaxis.get_transform().transform(np.linspace(0.01, 8, 800))
    steps = np.diff(places)
    assert (np.diff(steps) < 0).all()
    assert np.abs(np.diff(np.log(steps))).max() < 0.02


def test_a_masked_attack_is_dashed_and_named_so(tmp_path: Path) -> None:
    hot = GROUPS["hot"]
    for seed in range(2):
        attacks = {"fgsm(loss=margin)": (0.8, 0.2, 0.1), "fgsm": (0.8, 0.7, 0.6)}
        for run in hot.runs:
            fake(tmp_path, Run.of(**{**run.settings, "seed": seed}), by_attack=attacks)
    group = bound(replace(hot, eps=(0.0, 1.0, 4.0)), tmp_path)
    axes, _ = draw(group, figure_table(group), Panel.A).axes
    styles = {str(line.get_label()): line.get_linestyle() for line in axes.get_lines()}
    assert styles["T = 20: gradient masked"] == "--"
    assert styles["T = 1"] == "-"


def test_accuracies_of_all_and_none_are_drawn(tmp_path: Path) -> None:
    for run in SPARSE.runs:
        fake(tmp_path, run, (1.0, 0.5, 0.0))
    group = bound(replace(SPARSE, eps=(0.0, 1.0, 4.0)), tmp_path)
    table = figure_table(group)
    for line in lines(group, table, Panel.A.quantity):
        assert line.mean == (100, 50, 0)
        assert all(low <= mean <= high for low, mean, high in zip(line.low, line.mean, line.high, strict=True))
    for name, overview in OVERVIEWS.items():
        figure = overview.draw(group, table)
        if name == "knowledge":  # at one temperature there is nothing to know
            assert figure is None
            continue
        assert figure is not None
        render(figure, ["svg"])


def test_long_legends_fit() -> None:
    assert legend_columns(["dense", "50 % zero"]) == 2
    assert legend_columns(["dense"]) == 1
    assert legend_columns(["a legend of very many characters, which no other fits beside, at this width"] * 3) == 1


def test_a_crowd_of_seeds_is_not_drawn_as_points(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1], seeds=12, images=50)
    group = bound(SPARSE, tmp_path)
    axes, _ = draw(group, figure_table(group), Panel.A).axes
    assert len(axes.collections) == len(RUNS)  # the intervals alone
    assert "Small points" not in seeds_in_words(group, "Shaded")
