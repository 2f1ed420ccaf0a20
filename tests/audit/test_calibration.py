"""Which fakes the audit is calibrated on."""

from __future__ import annotations

import pytest
from tiny import tiny_run

from bench.audit.calibration import fakes_of


@pytest.mark.parametrize("seed", [0, 1])
def test_each_fake_is_made_once(seed: int) -> None:
    names = [each.name for each in fakes_of(tiny_run(seed=seed))]
    assert len(names) == len(set(names))
    assert ("logits times 3" in names) == (seed == 0)


def test_no_fake_is_made_of_a_network_that_is_not_its_own_control() -> None:
    assert fakes_of(tiny_run(sparsity=0.5)) == ()
