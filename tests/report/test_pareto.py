"""Every network of an architecture in one picture: where it lies, what marks it, and which names are there."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from oracle import stored
from readback import AT, beaten, hollow, line, points
from recorded import MANY, NOTHING, SPARSE, attack_all, bound, record

from bench.attacks.fgsm import Fgsm
from bench.comparison.group import ComparisonGroup, comparison_groups
from bench.comparison.method_of import METHODS, method_of
from bench.report.figures.pareto import LOOKS, pareto
from bench.report.tables.figure_table import figure_table
from bench.spec.methods import METHODS as METHODS_OF_OTHERS
from bench.spec.run import Run


def picture(arch: str, groups: Sequence[ComparisonGroup], results: Path) -> Figure:
    found = [bound(group, results) for group in groups]
    figure = pareto(arch, [(group, figure_table(group)) for group in found])
    assert figure
    return figure


@pytest.mark.parametrize("masked", [True, False])
def test_every_network_of_an_architecture_in_one_picture(tmp_path: Path, masked: bool) -> None:
    every = {group.name: group for group in comparison_groups(MANY, NOTHING)}
    for group in every.values():
        if group.attack == Fgsm():
            attack_all(tmp_path, group, margin=0.3 if masked else -0.1)
    (axes,) = picture("alexnet", list(every.values()), tmp_path).axes
    runs = {run: None for group in every.values() for run in group.runs if run.epochs == 10}
    assert len(runs) == 10
    expected = []
    for run in runs:
        folders = [tmp_path / run.name / f"seed-{seed}" for seed in range(2)]
        accuracies = [stored(folder, "fgsm")[AT].mean() for folder in folders]
        metrics = json.loads((folders[0] / "run.json").read_text())["record"]["metrics"]
        expected.append((1000 / metrics["parameters_nonzero"], 100 * np.mean(accuracies)))
    assert points(axes) == [pytest.approx(pair) for pair in expected]
    hidden = [masked and run.temperature != 1 for run in runs]
    assert hollow(axes) == hidden
    seen = [point for point, is_hidden in zip(points(axes), hidden, strict=True) if not is_hidden]
    assert line(axes, "front") == sorted(point for place, point in enumerate(seen) if not beaten(seen, place))
    markers = {run: str(each[0].get_marker()) for run, each in zip(runs, axes.containers, strict=True)}
    kinds = {(run.sparsity > 0, run.pruning, str(run.low_rank), run.temperature): markers[run] for run in runs}
    assert len(set(kinds.values())) == len(kinds) == 6
    labels = {each.get_text() for each in axes.texts}
    assert {"50 %, b128", "50 %, b512", "dense, b128", "dense, b512", "LR1, b128", "90 %, T = 20, b128"} <= labels


def test_no_label_lies_on_another_or_on_a_point(tmp_path: Path) -> None:
    every = comparison_groups(MANY, NOTHING)
    for group in every:
        if group.attack == Fgsm():
            attack_all(tmp_path, group, margin=0.3, seeds=1)
    figure = picture("alexnet", every, tmp_path)
    figure.canvas.draw()
    (axes,) = figure.axes
    boxes = [Text.get_window_extent(each) for each in axes.texts]
    for box, other in itertools.combinations(boxes, 2):
        assert not box.overlaps(other)
    for box in boxes:
        assert axes.get_window_extent().containsx(box.x0)
        assert axes.get_window_extent().containsx(box.x1)
        for point in points(axes):
            assert not box.contains(*axes.transData.transform(point))


def test_a_crowd_has_names_on_the_front_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, SPARSE.runs, [0, 0.1, -0.1])
    names = ["50 %", "dense", "90 %"]
    assert [each.get_text() for each in picture("fc5", [SPARSE], tmp_path).axes[0].texts] == names
    monkeypatch.setattr("bench.report.figures.pareto.CROWD", 2)
    assert [each.get_text() for each in picture("fc5", [SPARSE], tmp_path).axes[0].texts] == ["50 %", "90 %"]


def test_a_network_is_shown_at_the_radius_whatever_else_its_group_was_attacked_at(tmp_path: Path) -> None:
    few = replace(SPARSE, eps=(0.0, 2.0))
    wide = replace(SPARSE, runs=_at_batch(512), eps=(0.0, 0.25, 2.0))
    elsewhere = replace(SPARSE, runs=_at_batch(256), eps=(0.0, 8.0))
    for group in (few, wide, elsewhere):
        record(tmp_path, group.runs, [0, 0.1, -0.1], eps=group.eps, seeds=1)
    found = [y for _, y in points(picture("fc5", [few, wide, elsewhere], tmp_path).axes[0])]
    folders = [(tmp_path / run.name / "seed-0", group) for group in (few, wide) for run in group.runs]
    assert found == [pytest.approx(100 * stored(each, "fgsm")[group.eps.index(2.0)].mean()) for each, group in folders]


def _at_batch(size: int) -> tuple[Run, ...]:
    return tuple(Run.of(**{**run.settings, "batch_size": size}) for run in SPARSE.runs)


def test_an_adversarially_trained_network_is_no_control() -> None:
    assert method_of(Run.of(arch="fc5")) == "dense"
    assert method_of(Run.of(arch="fc5", adversarial_eps=2)) == "adversarial training"
    assert method_of(Run.of(arch="fc5", adversarial_eps=2, sparsity=0.5)) == "several methods"


def test_a_network_of_a_method_of_another_package_is_no_control(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("noise", "temperature"):
        monkeypatch.setitem(METHODS_OF_OTHERS.data, name, object())
    assert method_of(Run.of(arch="fc5", method="noise")) == "another method"
    assert method_of(Run.of(arch="fc5", method="temperature")) == "another method"
    assert method_of(Run.of(arch="fc5", method="noise,temperature")) == "several methods"
    assert method_of(Run.of(arch="fc5", method="noise", sparsity=0.5)) == "several methods"


def test_every_method_has_a_look() -> None:
    assert set(LOOKS) == set(METHODS)
