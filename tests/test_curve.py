from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.report import curve
from bench.spec import Run
from bench.statistics import wilson
from bench.trial import EPS


def record(accuracies: list[float]) -> dict[str, Any]:
    rows = []
    for eps, accuracy in zip(EPS, accuracies, strict=True):
        low, high = wilson(round(500 * accuracy), 500)
        rows.append({"eps": eps, "accuracy": accuracy, "low": low, "high": high})
    threat = {"knowledge": "white box, one FGSM step on the cross-entropy, true labels, temperature 1"}
    return {"attack": "fgsm", "rows": rows, "images": 500, "gradient_zero_images": 0.25, "threat": threat}


def test_the_figure_shows_the_recorded_numbers_and_names_the_threat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(curve.plt, "close", kept.append)
    falling = list(np.linspace(0.8, 0.1, len(EPS)))
    run = Run.of(arch="resnet18", sparsity=0.9, seed=3)
    curve.draw(tmp_path / "curve.png", run, 10, [record(falling)])
    (figure,) = kept
    (axes,) = figure.axes
    line = axes.get_lines()[0]
    np.testing.assert_allclose(line.get_xdata(), EPS)
    np.testing.assert_allclose(line.get_ydata(), [100 * accuracy for accuracy in falling])
    chance = axes.get_lines()[1]
    assert set(chance.get_ydata()) == {10}
    caption = figure.get_supxlabel()
    for word in ("L-infinity", "temperature 1", "500 validation images", "seed 3", "imagenette", "25.0 % of images"):
        assert word in caption
    assert "90 %" in axes.get_title(loc="left")


def test_the_same_records_draw_the_same_bytes(tmp_path: Path) -> None:
    run = Run.of(arch="fc5")
    for name in ("one", "two"):
        curve.draw(tmp_path / f"{name}.png", run, 10, [record([0.5] * len(EPS))])
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.size[0] > 1000
