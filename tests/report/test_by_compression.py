"""Accuracy against compression, read back from the axes and computed again from the raw files, by other code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import fake_outcome, trained
from grids import CURVE
from grids import grid as predictions
from oracle import raw
from readback import AT, beaten, drawn, hollow, legend, line, points, text
from recorded import EPS, GROUPS, HOT_AND_PRUNED, SPARSE, attack_all, bound

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.report.figures.overviews import OVERVIEWS
from bench.report.tables.figure_table import figure_table
from bench.spec.run import Run


def test_accuracy_against_each_currency(tmp_path: Path) -> None:
    sizes = {0.0: (1000, 5000, 4000), 0.5: (500, 3000, 2600), 0.9: (100, 1100, 900)}
    right = predictions(np.random.default_rng(0), [0, 0, -0.1], images=400, curve=CURVE)
    for run, of_run in zip(SPARSE.runs, right, strict=True):
        parameters, macs, size = sizes[run.sparsity]
        for seed, each in enumerate(of_run):
            own = Run.of(**{**run.settings, "seed": seed})
            measured = {"parameters_nonzero": parameters, "macs_nonzero": macs, "gzip_bytes": size + 100 * seed}
            fake_outcome(trained(tmp_path, own, 0.7, measured=measured), AttackSpec(Fgsm(), EPS), each)
    figure = drawn("by-compression", SPARSE, tmp_path)
    runs = [raw(tmp_path, name) for name in ("", "-s0.5", "-s0.9")]
    accuracies = [100 * np.mean([seed["right"].mean(axis=1) for seed in run], axis=0) for run in runs]
    mean = [
        {key: np.mean([seed["metrics"][key] for seed in run]) for key in run[0]["metrics"]}
        for run in map(numbers, runs)
    ]
    keys = ("parameters_nonzero", "macs_nonzero", "gzip_bytes")
    for axes, key in zip(figure.axes, keys, strict=True):
        ratios = [mean[0][key] / each[key] for each in mean]
        pairs = [(x, float(y[place])) for x, y in zip(ratios, accuracies, strict=True) for place in (0, AT)]
        assert points(axes) == [pytest.approx(pair) for pair in pairs]
        for label, some in (("front, clean", pairs[::2]), ("front at eps 2", pairs[1::2])):
            unbeaten = sorted(pair for place, pair in enumerate(some) if not beaten(some, place))
            assert line(axes, label) == [pytest.approx(pair) for pair in unbeaten]
    assert "theoretical speed-up, nothing was timed" in text(figure)
    assert "Mean over seeds (0, 1, 2). Small points: each seed. Bars: 95 % interval over seeds and images." in text(
        figure
    )


def numbers(run: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [{key: value for key, value in each["metrics"].items() if isinstance(value, int)} for each in run]
    return [{"metrics": each} for each in kept]


def test_networks_of_one_size_are_not_drawn_against_their_size(tmp_path: Path) -> None:
    hot = GROUPS["hot"]
    attack_all(tmp_path, hot, margin=-0.1)
    group = bound(hot, tmp_path)
    assert OVERVIEWS["by-compression"].draw(group, figure_table(group)) is None


@pytest.mark.parametrize("masked", [True, False])
def test_a_masked_network_is_hollow_and_never_on_the_front(tmp_path: Path, masked: bool) -> None:
    attack_all(tmp_path, HOT_AND_PRUNED, margin=0.3 if masked else -0.1)
    figure = drawn("by-compression", HOT_AND_PRUNED, tmp_path)
    axes = figure.axes[0]
    hot = [run.temperature != 1 for run in HOT_AND_PRUNED.runs]
    order = [label for label in legend(figure) if "front" not in label and "chance" not in label]
    assert order == [HOT_AND_PRUNED.label(run) for run in HOT_AND_PRUNED.runs]
    assert hollow(axes) == [masked and hot[place // 2] and place % 2 == 1 for place in range(2 * len(hot))]
    attacked = points(axes)[1::2]
    best = max(attacked)  # of the two smallest networks, both at 0.9, the more accurate one: the one at T = 20
    assert attacked.index(best) == next(
        n for n, run in enumerate(HOT_AND_PRUNED.runs) if run.temperature != 1 and run.sparsity
    )
    on_it = line(axes, "front at eps 2")
    assert (best in on_it) is not masked
    seen = [point for point, is_hot in zip(attacked, hot, strict=True) if not (masked and is_hot)]
    assert on_it == sorted(point for place, point in enumerate(seen) if not beaten(seen, place))
    assert ("not on the front" in text(figure)) is masked
