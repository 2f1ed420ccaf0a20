"""Who knows the temperature, over the images without a gradient, and what the picture says of a gap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from oracle import stored
from readback import AT, drawn, hollow, line, points, text
from recorded import GROUPS, SPARSE, attack_all, bound

from bench.report.figures.overviews import OVERVIEWS
from bench.report.tables.figure_table import figure_table


@pytest.mark.parametrize("masked", [True, False])
def test_who_knows_the_temperature_over_the_images_without_a_gradient(tmp_path: Path, masked: bool) -> None:
    hot = GROUPS["hot"]
    attack_all(tmp_path, hot, margin=0.3 if masked else -0.1)
    above, below = drawn("knowledge", hot, tmp_path).axes
    kinds = {
        "FGSM, attacker knows T": "fgsm",
        "FGSM, attacker at T = 1": "fgsm(knowledge=none)",
        "one step on the logit margin": "fgsm(loss=margin)",
    }
    for number, (label, attack) in enumerate(kinds.items()):
        places = [1] if number == 2 else [0, 1]
        used = ["fgsm" if place == 0 else attack for place in places]
        accuracies = [
            np.mean([stored(tmp_path / hot.runs[place].name / f"seed-{seed}", each)[AT].mean() for seed in range(2)])
            for place, each in zip(places, used, strict=True)
        ]
        assert line(above, label) == [
            pytest.approx((place, 100 * y)) for place, y in zip(places, accuracies, strict=True)
        ]
        zeros = [5.0 if place == 0 else 5.0 + 25 * number for place in places]
        assert line(below, label) == [pytest.approx((place, y)) for place, y in zip(places, zeros, strict=True)]
    at_heat = [is_hollow for is_hollow, (x, _) in zip(hollow(above), points(above), strict=True) if x == 1]
    # Not knowing T is far weaker than the margin step in either case, and knowing it in one of them.
    assert at_heat == [masked, True, False]
    assert above.get_shared_x_axes().joined(above, below)


def test_the_picture_of_knowledge_says_that_a_gap_is_masking(tmp_path: Path) -> None:
    hot = GROUPS["hot"]
    attack_all(tmp_path, hot, margin=0.3)
    words = text(drawn("knowledge", hot, tmp_path))
    assert "between them is masking, not robustness" in words
    assert "FGSM, attacker at T = 1: The gradient is masked in 2 of 2 tested trainings" in words
    assert "attacker at T = 1, network trained at T = 20" in words
    group = bound(SPARSE, tmp_path)
    assert OVERVIEWS["knowledge"].draw(group, figure_table(group)) is None
