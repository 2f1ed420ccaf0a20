from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.records.statistics import wilson
from PIL import Image

from bench.attacks import attack_named
from bench.attacks.spec import EPS
from bench.evaluation.masking import masking
from bench.report.figures import run_curve as curve
from bench.spec.run import Run


def record(accuracies: list[float], name: str = "fgsm") -> dict[str, Any]:
    rows = []
    for eps, accuracy in zip(EPS, accuracies, strict=True):
        low, high = wilson(round(500 * accuracy), 500)
        rows.append({"eps": eps, "accuracy": accuracy, "low": low, "high": high})
    attack = attack_named(name)
    return {
        "attack": name,
        "rows": rows,
        "images": 500,
        "fraction": 1.0,
        "gradient_zero_images": 0.25,
        "threat": asdict(attack.threat(20.0)),
    }


def test_the_figure_shows_the_recorded_numbers_and_names_the_threat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(curve.plt, "close", kept.append)
    falling = list(np.linspace(0.8, 0.1, len(EPS)))
    run = Run.of(arch="resnet18", sparsity=0.9, seed=3)
    curve.draw(tmp_path / "curve.png", run, 10, [record(falling)], [])
    (figure,) = kept
    (axes,) = figure.axes
    line = axes.get_lines()[0]
    np.testing.assert_allclose(line.get_xdata(), EPS)
    np.testing.assert_allclose(line.get_ydata(), [100 * accuracy for accuracy in falling])
    chance = axes.get_lines()[1]
    assert set(chance.get_ydata()) == {10}
    caption = figure.get_supxlabel()
    for word in ("L-infinity", "T = 20", "500 validation images", "seed 3", "imagenette", "25.0 % of images"):
        assert word in caption
    assert "90 %" in axes.get_title(loc="left")


def test_a_masked_gradient_is_called_so_in_legend_and_caption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(curve.plt, "close", kept.append)
    flat, falling = [0.8] * len(EPS), list(np.linspace(0.8, 0.1, len(EPS)))
    attacks = [record(flat, "fgsm(knowledge=none)"), record(falling, "fgsm"), record(falling, "fgsm(loss=margin)")]
    curve.draw(tmp_path / "curve.png", Run.of(arch="resnet18", temperature=20), 10, attacks, masking(attacks))
    (figure,) = kept
    (axes,) = figure.axes
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend[:3] == [
        "FGSM, attacker at T = 1: gradient masked",
        "FGSM, attacker at T = 20",
        "FGSM on the margin",
    ]
    caption = " ".join(figure.get_supxlabel().split())
    assert "the gradient is masked. At eps 128 accuracy is 0.800 under it and 0.100" in caption
    assert caption.count("masked") == 1
    assert "T = 20" in axes.get_title(loc="left")


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({}, "resnet18, dense"),
        ({"sparsity": 0.9, "pruning": "random"}, "resnet18, 90 % of the weights zero, drawn at random"),
        ({"low_rank": "lr1", "temperature": 90.0}, "resnet18, ranks LR1, T = 90"),
        ({"low_rank": "0.5"}, "resnet18, 0.5 of the rank"),
    ],
)
def test_the_title_says_what_was_done_to_the_network(
    settings: dict[str, Any], title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(curve.plt, "close", kept.append)
    run = Run.of(arch="resnet18", **settings)
    curve.draw(tmp_path / "curve.png", run, 10, [record([0.5] * len(EPS))], [])
    assert kept[0].axes[0].get_title(loc="left") == f"{title}: accuracy under attack"


def test_the_same_records_draw_the_same_bytes(tmp_path: Path) -> None:
    run = Run.of(arch="fc5")
    for name in ("one", "two"):
        curve.draw(tmp_path / f"{name}.png", run, 10, [record([0.5] * len(EPS))], [])
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.size[0] > 1000
