"""Which networks below a results folder the audit is calibrated on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import diverged, trained
from tiny import tiny_run

from bench.errors import BadInput, IntegrityError
from bench.runs.calibration import calibrated
from bench.training.progress import Progress


def test_a_run_that_diverged_is_no_network(tmp_path: Path, quiet: Progress) -> None:
    for seed in (0, 1):
        np.savez(diverged(tmp_path, tiny_run(seed=seed)).path / "weights.npz")  # which earlier versions wrote
    with pytest.raises(BadInput, match="expected dense networks at two seeds or more"):
        calibrated(tmp_path, None, quiet)


@pytest.mark.usefixtures("tiny_source")
def test_images_that_a_network_was_not_trained_on_are_refused(tmp_path: Path, quiet: Progress) -> None:
    for seed in (0, 1):
        trained(tmp_path, tiny_run(seed=seed), 0.8, data="e" * 64)
    with pytest.raises(IntegrityError, match=r"trained on other images \(eeeeeeeeeeee, now ffffffffffff\)"):
        calibrated(tmp_path, None, quiet)
