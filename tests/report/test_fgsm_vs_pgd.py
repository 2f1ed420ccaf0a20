"""One step against many, from planted outcomes: on shared images alone, and with a word where the many fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import fake_outcome, trained
from numpy.typing import NDArray
from tiny import tiny_run

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.comparison.fgsm_vs_pgd import step_pairs
from bench.records.collection import read
from bench.report.tables.fgsm_vs_pgd import fgsm_vs_pgd_table

RUN = tiny_run()


def right(shares: list[float], images: int = 200) -> NDArray[np.bool_]:
    return np.stack([np.arange(images) < round(share * images) for share in shares])


def record(results: Path, shares: dict[str, list[float]], eps: tuple[float, ...] = (0.0, 1.0, 2.0)) -> None:
    folder = trained(results, RUN, 0.8)
    for text, values in shares.items():
        fake_outcome(folder, AttackSpec(attack_named(text), eps), right(values))


def test_nothing_is_said_where_no_attack_was_iterated(tmp_path: Path) -> None:
    record(tmp_path, {"fgsm": [0.8, 0.5, 0.2]})
    assert fgsm_vs_pgd_table(read(tmp_path)) is None


def test_many_steps_stand_beside_the_step_on_the_same_loss(tmp_path: Path) -> None:
    record(tmp_path, {"fgsm": [0.8, 0.5, 0.2], "fgsm(loss=margin)": [0.8, 0.4, 0.3], "pgd": [0.8, 0.3, 0.1]})
    record(tmp_path, {"pgd(loss=margin)": [0.8, 0.1, 0.1]})
    table = fgsm_vs_pgd_table(read(tmp_path))
    assert table
    shown = [[row[2].text, row[3].text, *[cell.number for cell in row[7:]]] for row in table.rows]
    assert shown == [
        ["fgsm", "pgd", 0.5, 0.3, 0.2, 0.1],
        ["fgsm(loss=margin)", "pgd(loss=margin)", 0.4, 0.1, 0.3, 0.1],
    ]
    assert "at eps 1, 10.0 % instead of 40.0 %" in table.notes[0]
    assert "so PGD did not fail" in table.notes[0]


@pytest.mark.parametrize("many", ["pgd(loss=margin)", "pgd(knowledge=none)"])
def test_many_steps_stand_beside_no_step_by_another_attacker(many: str, tmp_path: Path) -> None:
    folder = trained(tmp_path, tiny_run(temperature=50.0), 0.8)
    for text in ("fgsm", many):
        fake_outcome(folder, AttackSpec(attack_named(text), (0.0, 1.0)), right([0.8, 0.3]))
    assert step_pairs(read(tmp_path)) == []


def test_at_temperature_1_the_attacker_who_does_not_know_it_is_the_one_who_does(tmp_path: Path) -> None:
    record(tmp_path, {"fgsm": [0.8, 0.5, 0.2], "pgd(knowledge=none)": [0.8, 0.3, 0.1]})
    (pair,) = step_pairs(read(tmp_path))
    assert pair.one.record.attack == "fgsm"


def test_a_step_that_is_stronger_than_many_is_a_fault_with_a_name(tmp_path: Path) -> None:
    record(tmp_path, {"fgsm": [0.8, 0.5, 0.2], "pgd": [0.8, 0.49, 0.25]})
    (pair,) = step_pairs(read(tmp_path))
    assert pair.weaker_by == pytest.approx(0.05)
    assert pair.stronger_by == pytest.approx(0.01)
    table = fgsm_vs_pgd_table(read(tmp_path))
    assert table
    assert f"On {RUN.name}, seed 0 many steps leave over 2 points more than one: PGD failed" in table.notes[0]


def test_only_images_and_radii_of_both_are_compared(tmp_path: Path) -> None:
    folder = trained(tmp_path, RUN, 0.8)
    fake_outcome(folder, AttackSpec(attack_named("fgsm"), (0.0, 0.5, 2.0)), right([0.8, 0.6, 0.4]))
    fake_outcome(folder, AttackSpec(attack_named("pgd"), (0.0, 2.0, 4.0)), right([1.0, 0.5, 0.1], images=100))
    (pair,) = step_pairs(read(tmp_path))
    assert (pair.images, pair.accuracy) == (100, {2.0: (0.8, 0.5)})


def test_steps_without_a_gradient_are_held_against_the_margin_on_the_images_of_both(tmp_path: Path) -> None:
    record(tmp_path, {"fgsm": [0.8, 0.7, 0.7], "fgsm(loss=margin)": [0.8, 0.3, 0.1]})
    folder = trained(tmp_path, RUN, 0.8)
    fake_outcome(folder, AttackSpec(attack_named("pgd"), (0.0, 1.0, 2.0), 0.5), right([0.8, 0.7, 0.7], 100), zero=0.9)
    table = fgsm_vs_pgd_table(read(tmp_path))
    assert table
    assert [cell.text for cell in table.column("images")] == ["100"]
    assert [cell.text for cell in table.column("images without gradient")] == ["90.0"]
    assert [cell.text for cell in table.column("gradient masked")] == ["masked"]
    assert "hardly more" not in table.notes[0]
    assert "In 1 of 1 rows the gradient is masked" in table.notes[0]
