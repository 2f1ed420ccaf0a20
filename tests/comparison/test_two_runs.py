"""Two runs against each other, under each attack and radius that both have."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import fake
from recorded import EPS, HIGH_TEMPERATURE, SPARSE, record
from tiny import tiny_run

from bench.attacks.fgsm import Fgsm
from bench.attacks.transfer import Transfer
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
    [
        ((DENSE, "nowhere"), "unknown run"),
        ((HALF, f"{DENSE}/seed-5"), f"{DENSE}/seed-5 is one seed of a run: expected the run, {DENSE}, because"),
        ((DENSE, DENSE), "two different runs"),
        ((DENSE, MOST), "share no attack"),
    ],
)
def test_two_runs_that_cannot_be_compared_are_refused(names: tuple[str, str], said: str, tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:2], (0, 0))
    record(tmp_path, SPARSE.runs[2:], (0,), attack=Fgsm(loss="margin"))
    with pytest.raises(BadInput, match=said):
        pair(read(tmp_path), *names)


def test_under_an_attack_that_does_not_count_no_run_is_called_robust(tmp_path: Path) -> None:
    for attack in (Fgsm(), Transfer()):
        record(tmp_path, SPARSE.runs[:2], (0, -0.2), attack=attack)
    step, transferred = pair(read(tmp_path), DENSE, HALF).split("\ntransfer\n")
    assert "no evidence" not in step
    assert "robust to" not in transferred
    assert transferred.count("which is no evidence of robustness") == len(EPS) - 1


def test_runs_on_other_images_are_refused_even_if_mixed(tmp_path: Path) -> None:
    fake(tmp_path, tiny_run())
    other = tiny_run(sparsity=0.5)
    fake(tmp_path, other, data="e" * 64)
    with pytest.raises(BadInput, match="trained on other images"):
        pair(read(tmp_path, mixed=True), other.name, tiny_run().name)


def test_which_p_is_not_corrected_is_said(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:2], (0, -0.2))
    lines = pair(read(tmp_path), HALF, DENSE).splitlines()
    assert ["not corrected" in line for line in lines if line.startswith("  eps")] == [not eps for eps in EPS]


def test_the_second_run_is_not_called_a_control(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, (0, -0.2, 0))
    assert "control" not in pair(read(tmp_path), HALF, MOST)
