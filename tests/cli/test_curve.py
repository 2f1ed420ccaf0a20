"""The figure of one run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attack_records import attacked, network
from fakes import IMAGES
from matplotlib.figure import Figure
from PIL import Image
from readback import text

from bench.attacks.norms import L2, LINF
from bench.report.figures.run_curve import curve
from bench.report.figures.save import write
from bench.spec.run import Run

EPS = LINF.eps
FALLING = [float(value) for value in np.linspace(0.8, 0.1, len(EPS))]


def drawn(results: Path, attacks: Mapping[str, list[float]], **settings: Any) -> Figure:
    run = Run.of(**{"arch": "resnet18", "temperature": 20.0, **settings})
    return curve(network(attacked(results, attacks, run)))


def test_the_figure_shows_the_recorded_numbers_and_names_the_threat(tmp_path: Path) -> None:
    figure = drawn(tmp_path, {"fgsm": FALLING}, sparsity=0.9, adversarial_eps=2, seed=3)
    (axes,) = figure.axes
    line = axes.get_lines()[0]
    np.testing.assert_allclose(line.get_xdata(), EPS)
    np.testing.assert_allclose(line.get_ydata(), [100 * accuracy for accuracy in FALLING], atol=0.25)
    chance = axes.get_lines()[1]
    assert set(chance.get_ydata()) == {10}
    caption = text(figure)
    for word in ("L-infinity", "T = 20", f"{IMAGES} validation images", "seed 3", "imagenette", "25.0 % of images"):
        assert word in caption
    for word in ("90 %", "adversarial eps 2"):
        assert word in figure.texts[0].get_text()


def test_attacks_in_two_norms_have_a_panel_each(tmp_path: Path) -> None:
    figure = drawn(tmp_path, {"fgsm": FALLING, "fgsm-l2": FALLING})
    for axes, norm in zip(figure.axes, (LINF, L2), strict=True):
        np.testing.assert_allclose(axes.get_lines()[0].get_xdata(), norm.eps)
        assert len(axes.get_lines()) == 2  # the attack and chance
        assert norm.axis in axes.get_xlabel()
    assert "L-infinity and L2" in text(figure)


def test_a_masked_gradient_is_called_so_in_legend_and_caption(tmp_path: Path) -> None:
    flat = [0.8] * len(EPS)
    figure = drawn(tmp_path, {"fgsm(knowledge=none)": flat, "fgsm": FALLING, "fgsm(loss=margin)": FALLING})
    (axes,) = figure.axes
    legend = {text.get_text() for text in axes.get_legend().get_texts()}
    assert legend > {
        "FGSM, attacker at T = 1: gradient masked",
        "FGSM, attacker at T = 20",
        "FGSM on the margin",
    }
    caption = text(figure)
    assert "the gradient is masked. At eps 128 accuracy is 80.0 % under it and 10.0 %" in caption
    assert caption.count("masked") == 1
    assert "T = 20" in figure.texts[0].get_text()


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({}, "resnet18, dense"),
        ({"sparsity": 0.9, "pruning": "random"}, "resnet18, 90 % zero, at random"),
        ({"low_rank": "lr1", "temperature": 90.0}, "resnet18, LR1, T = 90"),
        ({"low_rank": "0.5"}, "resnet18, rank 0.5"),
    ],
)
def test_the_title_says_what_was_done_to_the_network(settings: dict[str, Any], title: str, tmp_path: Path) -> None:
    figure = drawn(tmp_path, {"fgsm": FALLING}, **{"temperature": 1.0, **settings})
    assert figure.texts[0].get_text() == title


def test_the_same_records_draw_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, drawn(tmp_path / "results", {"fgsm": FALLING}), ("png",))
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.size[0] > 1000


def test_a_drawing_that_is_killed_leaves_no_torn_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_figure: Figure, place: Any, **_: Any) -> None:
        (place.write_bytes if isinstance(place, Path) else place.write)(b"half")
        raise KeyboardInterrupt

    figure = drawn(tmp_path, {"fgsm": FALLING})
    monkeypatch.setattr(Figure, "savefig", stopped)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "pictures" / "curve", figure)
    assert not list(tmp_path.glob("pictures/*"))
