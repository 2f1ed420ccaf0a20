"""Accuracy that rises with eps is reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from fakes import fake_outcome, trained
from recorded import EPS, SPARSE, bound

from bench.attacks.spec import AttackSpec
from bench.comparison.monotonicity import rising_accuracy


def plant(results: Path, place: int, fractions: list[float]) -> None:
    folder = trained(results, SPARSE.runs[place], fractions[0])
    right = np.stack([np.arange(100) < round(100 * fraction) for fraction in fractions])
    fake_outcome(folder, AttackSpec(SPARSE.attack, EPS), right)


def test_a_rise_is_named_with_its_network_and_where_it_begins(tmp_path: Path) -> None:
    plant(tmp_path, 0, [0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    assert rising_accuracy(bound(SPARSE, tmp_path)) == ()
    plant(tmp_path, 1, [0.8, 0.7, 0.6, 0.5, 0.4, 0.41, 0.42, 0.42])  # by no more than two points from its lowest
    assert rising_accuracy(bound(SPARSE, tmp_path)) == ()
    plant(tmp_path, 2, [0.8, 0.7, 0.6, 0.5, 0.1, 0.12, 0.13, 0.3])  # slowly, by more than that
    (said,) = rising_accuracy(bound(SPARSE, tmp_path))
    assert said.startswith("Figure sparse: accuracy rises with eps (90 % zero beyond 8).")
