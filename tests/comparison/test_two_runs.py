"""Two runs against each other, under each attack and radius that both have."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded import EPS, HIGH_TEMPERATURE, SPARSE, record

from bench.attacks.fgsm import Fgsm
from bench.comparison.two_runs import pair
from bench.errors import BadInput
from bench.records.collection import read

DENSE, HALF, MOST = (run.name for run in SPARSE.runs)


def test_each_common_radius_of_each_common_attack_has_a_line(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, (0, -0.2, 0))
    record(tmp_path, SPARSE.runs[:1], (0,), attack=Fgsm(loss="margin"))
    lines = pair(read(tmp_path), HALF, DENSE).splitlines()
    assert lines[0].startswith(f"{HALF} minus {DENSE}")
    assert [line.split()[1] for line in lines if line.startswith("  eps")] == [f"{radius:g}" for radius in EPS]
    assert "clean accuracy: difference -" in lines[3]
    assert all(" robust to this attack" in line for line in lines[4:])
    assert "fgsm(loss=margin)" not in "".join(lines)


def test_a_masked_gradient_is_named(tmp_path: Path) -> None:
    cold, hot = HIGH_TEMPERATURE.runs
    record(tmp_path, (cold, hot), (0, 0.2))
    record(tmp_path, (cold, hot), (0, -0.3), attack=Fgsm(loss="margin"))
    text = pair(read(tmp_path), hot.name, cold.name)
    assert f"gradient masked on {hot.name}" in text
    assert f"gradient masked on {cold.name}" not in text
    assert "seems robust, but its gradient is masked" in text


@pytest.mark.parametrize(
    ("names", "said"),
    [((DENSE, "nowhere"), "unknown run"), ((DENSE, DENSE), "two different runs"), ((DENSE, MOST), "share no attack")],
)
def test_two_runs_that_cannot_be_compared_are_refused(names: tuple[str, str], said: str, tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:2], (0, 0))
    record(tmp_path, SPARSE.runs[2:], (0,), attack=Fgsm(loss="margin"))
    with pytest.raises(BadInput, match=said):
        pair(read(tmp_path), *names)
