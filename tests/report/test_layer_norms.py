"""The spectral norms of the layers: those of pairs, their product in two digits, and the picture of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fakes import trained
from matplotlib.collections import FillBetweenPolyCollection
from readback import drawn, line, text
from recorded import GROUPS, SPARSE, bound
from scipy.stats import t

from bench.records.schema import KernelRow
from bench.report.figures.overviews import OVERVIEWS
from bench.report.figures.spectral_norms import layer_norms, scientific
from bench.report.tables.figure_table import figure_table
from bench.spec.run import Run

KERNELS = {"conv1": 2.0, "conv2_vertical": 3.0, "conv2_horizontal": 5.0, "fc": 7.0}


def kernel(layer: str, norm: float) -> KernelRow:
    size = {"shape": [1], "size": 1, "zeros": 0, "sparsity": 0.0, "macs": 1, "macs_nonzero": 1}
    return KernelRow(layer=layer, spectral_norm=norm, **size)


def kernels(norms: Mapping[str, float]) -> dict[str, Any]:
    return {
        "kernels": [kernel(layer, norm) for layer, norm in norms.items()],
        "batch_norm_norms": {"conv1_bn": 11.0, "conv2_vertical_bn": 0.5, "conv2_horizontal_bn": 13.0},
    }


def test_a_pair_has_the_norm_of_its_factors_and_of_what_is_between() -> None:
    assert layer_norms(SimpleNamespace(**kernels(KERNELS))) == {"conv1": 2.0, "conv2": 7.5, "fc": 7.0}
    assert list(layer_norms(SimpleNamespace(**kernels(KERNELS)))) == ["conv1", "conv2", "fc"]


@pytest.mark.parametrize(
    ("number", "words"), [(31_000_000.0, "3.1e7"), (0.0, "0.0e0"), (2e-5, "2.0e-5"), (None, "too large for float64")]
)
def test_a_product_in_two_digits(number: float | None, words: str) -> None:
    assert scientific(number) == words


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_norms_of_the_layers(tmp_path: Path, seeds: int) -> None:
    group = GROUPS["rank"]
    norms: dict[str, list[list[float]]] = {}
    for run in group.runs:
        for seed in range(seeds):
            factors = KERNELS if run != group.runs[0] else {"conv1": 2.0, "conv2": 6.0, "fc": 0.0}
            own = {layer: norm * (1 + seed) for layer, norm in factors.items()}
            measured = {**kernels(own), "spectral_product": 10.0 ** (seed + 1)}
            trained(tmp_path, Run.of(**{**run.settings, "seed": seed}), 0.7, measured=measured)
            norms.setdefault(group.label(run), []).append(list(layer_norms(SimpleNamespace(**measured)).values()))
    figure = drawn("spectral", group, tmp_path)
    (axes,) = figure.axes
    bound = {1: "1.0e1", 3: "1.0e2"}[seeds]
    assert f"LR1 {bound}" in text(figure)
    assert [each.get_text() for each in axes.get_xticklabels()] == ["conv1", "conv2", "fc"]
    assert axes.get_yscale() == "log"
    low_rank = np.log(np.array(norms["LR1"]))
    expected = np.exp(low_rank.mean(axis=0))
    (label,) = (str(each.get_label()) for each in axes.get_lines() if str(each.get_label()).startswith("LR1"))
    assert line(axes, label) == [pytest.approx(pair) for pair in enumerate(expected)]
    assert float(label.removeprefix("LR1: product ")) == pytest.approx(expected.prod(), rel=0.06)
    dense = line(axes, "full rank: product 0.0e0")
    assert [x for x, y in dense if np.isnan(y)] == [2]
    if seeds == 3:
        half = low_rank.std(axis=0, ddof=1) / np.sqrt(3) * t.ppf(0.975, 2)
        _, band = (
            each.get_paths()[0].vertices for each in axes.collections if isinstance(each, FillBetweenPolyCollection)
        )
        assert band[:, 1].max() == pytest.approx(np.exp(np.log(expected) + half).max())
        assert band[:, 1].min() == pytest.approx(np.exp(np.log(expected) - half).min())


def test_a_line_runs_from_left_to_right_however_its_layers_were_built(tmp_path: Path) -> None:
    group = GROUPS["rank"]
    orders = ({"conv1": 2.0, "conv2": 3.0, "shortcut": 5.0, "fc": 7.0}, {"conv1": 2.0, "shortcut": 5.0, **KERNELS})
    for run, factors in zip(group.runs, orders, strict=True):
        trained(tmp_path, run, 0.7, measured={**kernels(factors), "spectral_product": 1.0})
    (axes,) = drawn("spectral", group, tmp_path).axes
    (shown,) = [each for each in axes.get_lines() if each.get_label().startswith("LR1: product")]
    assert list(shown.get_xdata()) == [0, 1, 2, 3]
    assert list(shown.get_ydata()) == pytest.approx([2.0, 7.5, 5.0, 7.0])


def test_without_kernels_there_are_no_norms(tmp_path: Path) -> None:
    for run in SPARSE.runs:
        trained(tmp_path, run, 0.7, measured={"kernels": []})
    group = bound(SPARSE, tmp_path)
    assert {name for name, each in OVERVIEWS.items() if each.draw(group, figure_table(group))} == set()
