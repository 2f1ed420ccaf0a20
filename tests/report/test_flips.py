"""The share of images that have flipped by each radius, computed again from the raw files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import fake_outcome, trained
from grids import CURVE
from readback import drawn, line
from recorded import EPS, SPARSE

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.spec.run import Run


def test_the_curve_of_flips_is_that_of_the_files(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    for run in SPARSE.runs:
        for seed in range(3):
            own = Run.of(**{**run.settings, "seed": seed})
            right = draw.random((len(EPS), 200)) < CURVE[:, None] + 0.2
            fake_outcome(trained(tmp_path, own, 0.7), AttackSpec(Fgsm(), EPS), right)
    (axes,) = drawn("flips", SPARSE, tmp_path).axes
    for name, run in (("dense", SPARSE.runs[0]), ("50 % zero", SPARSE.runs[1]), ("90 % zero", SPARSE.runs[2])):
        shares = []
        for seed in range(3):
            with np.load(next((tmp_path / run.name / f"seed-{seed}").glob("attacks/*.npz"))) as arrays:
                first = arrays["first_flip"][arrays["predictions"][0] == arrays["labels"]]
            shares.append([np.mean((first >= 0) & (first <= place)) for place in range(len(EPS))])
        mean = 100 * np.mean(shares, axis=0)
        expected = list(zip(EPS, mean, strict=True))
        assert line(axes, f"{name}: {100 - mean[-1]:.1f} % never") == [pytest.approx(pair) for pair in expected]
    assert {each.get_drawstyle() for each in axes.get_lines()} == {"steps-post"}
