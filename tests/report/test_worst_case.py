"""The worst of all attacks, image by image: on shared images alone, and never more than any attack left at a smaller eps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fakes import IMAGES, fake_outcome, trained
from numpy.typing import NDArray
from recorded import EPS, GROUPS, SPARSE, bound, record

from bench.attacks import attack_named
from bench.attacks.fgsm import Fgsm
from bench.attacks.norms import LINF
from bench.attacks.spec import AttackSpec
from bench.attacks.square import Square
from bench.comparison.group import ComparisonGroup
from bench.comparison.verdict import DASH
from bench.comparison.worst_case import worst_case, worst_case_of
from bench.records.outcomes import Outcomes
from bench.report.tables.worst_case import worst_table

ATTACKS = ("fgsm", "fgsm(loss=margin)", "pgd")
HOT = GROUPS["hot"]


def recorded(outcomes: Outcomes) -> Any:
    """Return an attack in the L-infinity norm with these outcomes."""
    return SimpleNamespace(record=SimpleNamespace(threat=SimpleNamespace(norm=str(LINF))), outcomes=outcomes)


def drawn(radii: Mapping[str, tuple[float, ...]], images: Mapping[str, int]) -> dict[str, Outcomes]:
    """Return outcomes of three attacks with 60 % of the images right, all of them at 0, under an attack at each radius."""
    rng = np.random.default_rng(0)
    found = {}
    for name in ATTACKS:
        shape = (len(radii[name]), images[name])
        right = rng.random(shape) < 0.6
        right[0] = True
        found[name] = Outcomes(
            radii[name], np.arange(shape[1]), np.zeros(shape[1], int), np.where(right, 0, rng.integers(1, 5, shape))
        )
    return found


def test_an_image_is_right_where_nothing_within_the_radius_flips_it() -> None:
    radii = {"fgsm": (0.0, 1.0, 2.0, 8.0), "fgsm(loss=margin)": (0.0, 2.0), "pgd": (0.0, 1.0, 4.0)}
    attacks = drawn(radii, {"fgsm": 40, "fgsm(loss=margin)": 60, "pgd": 25})
    worst = worst_case({name: recorded(each) for name, each in attacks.items()}, (0.0, 1.0, 2.0, 4.0, 8.0))
    assert np.array_equal(worst.indices, np.arange(25))
    for row, radius in enumerate(worst.eps):
        for image in range(25):
            met = [each.right[k, image] for each in attacks.values() for k, e in enumerate(each.eps) if e <= radius]
            assert worst.right[row, image] == all(met)
    assert (np.diff(worst.right.astype(int), axis=0) <= 0).all()
    wrong = worst.predictions[~worst.right]
    assert len(wrong)
    assert (wrong > 0).all()


def plant(results: Path, changes: Mapping[str, tuple[float, ...]]) -> ComparisonGroup:
    for text, change in changes.items():
        record(results, SPARSE.runs, change, attack=attack_named(text))
    return bound(SPARSE, results)


def test_a_network_that_met_one_attack_alone_has_no_worst_case(tmp_path: Path) -> None:
    assert worst_table([plant(tmp_path, {"fgsm": (0, 0, 0)})]) is None


def test_only_attacks_that_all_of_a_figure_met_count(tmp_path: Path) -> None:
    group = plant(tmp_path, {"fgsm": (0, 0, 0), "fgsm(loss=margin)": (-0.1, -0.1, -0.1)})
    before = worst_table([group])
    assert before
    network = group.trained(SPARSE.runs[0])[0]
    folder = trained(tmp_path, network.run, 0.75)
    none_right: NDArray[np.bool_] = np.zeros((2, IMAGES), bool)
    fake_outcome(folder, AttackSpec(attack_named("pgd"), (0.0, 1.0)), none_right)
    assert worst_table([bound(SPARSE, tmp_path)]) == before
    assert {cell.text for cell in before.column("attacks")} == {"fgsm, fgsm(loss=margin)"}


def test_the_word_robust_is_said_of_the_worst_case_with_its_numbers(tmp_path: Path) -> None:
    table = worst_table([plant(tmp_path, {"fgsm": (0, 0.1, -0.1), "fgsm(loss=margin)": (0, 0.1, -0.1)})])
    assert table
    control, better, worse = (cell.text for cell in table.column("worst against the control, 0 < eps <= 8"))
    assert control == "the control"
    assert better.startswith("more robust to these attacks: difference +")
    assert worse.startswith("less robust to these attacks: difference -")
    for row in table.rows:
        step, worst = row[5::2][:4], row[6::2][:4]
        assert all(float(b.number or 0) <= float(a.number or 0) for a, b in zip(step, worst, strict=True))


def test_without_the_margin_step_the_worst_case_calls_nothing_robust(tmp_path: Path) -> None:
    table = worst_table([plant(tmp_path, {"fgsm": (0, 0.1, -0.1), "pgd": (0, 0.1, -0.1)})])
    assert table
    _, better, worse = (cell.text for cell in table.column("worst against the control, 0 < eps <= 8"))
    assert better.startswith("more accurate under these attacks; whether its gradient is masked was not tested")
    assert worse.startswith("less accurate under these attacks; whether the gradient of its control is masked was not")


def test_an_attack_that_is_shown_only_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"fgsm": (0, 0.1, -0.1), "fgsm(loss=margin)": (0, 0.1, -0.1)})
    before = worst_table([bound(SPARSE, tmp_path)])
    group = plant(tmp_path, {"square": (-0.5, -0.5, -0.5)})
    counted = worst_table([group])
    monkeypatch.setattr(Square, "counts", False)
    table = worst_table([group])
    assert before
    assert counted
    assert table
    assert counted.rows != before.rows
    assert table.rows == before.rows
    assert table.notes == (*before.notes, "Left out, because they are no evidence of robustness: square.")


def test_a_margin_step_that_stops_short_of_the_largest_radius_tests_nothing(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, (0, 0.1, -0.1))
    record(tmp_path, SPARSE.runs, (0, 0.1, -0.1), attack=Fgsm(loss="margin"), eps=(0.0, 1.0))
    table = worst_table([bound(SPARSE, tmp_path)])
    assert table
    _, better, worse = (cell.text for cell in table.column("worst against the control, 0 < eps <= 8"))
    assert better.startswith("more accurate under these attacks")
    assert worse.startswith("less accurate under these attacks")


def test_what_a_shorter_radius_than_any_shown_does_counts() -> None:
    right = np.ones((2, 10), bool)
    attacks = {
        "fgsm": Outcomes((0.0, 2.0), np.arange(10), np.zeros(10, int), np.where(right, 0, 1)),
        "pgd": Outcomes((0.0, 1.5), np.arange(10), np.zeros(10, int), np.where([[True] * 10, [False] * 10], 0, 1)),
    }
    worst = worst_case({name: recorded(each) for name, each in attacks.items()}, (0.0, 1.0, 2.0))
    assert worst.right.mean(axis=1).tolist() == [1, 1, 0]


def test_a_seed_that_is_not_attacked_yet_or_at_other_radii_hides_nothing(tmp_path: Path) -> None:
    for text in ("fgsm", "fgsm(loss=margin)"):
        record(tmp_path, SPARSE.runs, (0, 0.1, -0.1), attack=attack_named(text), seeds=3)
    before = worst_table([bound(SPARSE, tmp_path)])
    network = bound(SPARSE, tmp_path).trained(SPARSE.runs[0])[0]
    trained(tmp_path, replace(network.run, seed=3), 0.75)
    short = trained(tmp_path, replace(network.run, seed=4), 0.75)
    fake_outcome(short, AttackSpec(Fgsm(), (0.0, 1.0)), np.ones((2, 400), bool))
    other = trained(tmp_path, replace(network.run, seed=5), 0.75)
    fake_outcome(other, AttackSpec(Fgsm(loss="margin"), EPS), np.ones((len(EPS), 400), bool))
    assert worst_table([bound(SPARSE, tmp_path)]) == before


def test_radii_beyond_the_customary_ones_have_no_verdict(tmp_path: Path) -> None:
    group = plant(tmp_path, {"fgsm": (0, 0, 0), "pgd": (0, 0, 0)})
    table = worst_table([replace(group, eps=(0.0, 16.0))])
    assert table
    assert [cell.text for cell in table.column("worst against the control, 0 < eps <= 8")] == [
        "the control",
        DASH,
        DASH,
    ]


def test_at_temperature_1_there_is_nothing_not_to_know(tmp_path: Path) -> None:
    record(tmp_path, HOT.runs, (0, 0))
    record(tmp_path, HOT.runs[1:], (0.3,), attack=Fgsm(knowledge="none"))
    table = worst_table([bound(HOT, tmp_path)])
    assert table
    assert {cell.text for cell in table.column("attacks")} == {"fgsm, fgsm(knowledge=none)"}
    assert len(table.rows) == 2


@pytest.mark.parametrize("seeds", [1, 3])
def test_seeds_that_were_attacked_at_other_radii_are_no_fault(tmp_path: Path, seeds: int) -> None:
    group = plant(tmp_path, {"fgsm": (0, 0, 0)})
    for run in SPARSE.runs:
        for seed, network in group.trained(run).items():
            radii = (0.0, 2.0) if seed < seeds else EPS
            right = np.ones((len(radii), 400), bool)
            fake_outcome(trained(tmp_path, network.run, 0.75), AttackSpec(Fgsm(loss="margin"), radii), right)
    table = worst_table([bound(SPARSE, tmp_path)])
    assert table
    assert DASH not in {cell.text for row in table.rows for cell in row}


def test_a_network_that_met_an_attack_at_fewer_radii_looks_no_stronger(tmp_path: Path) -> None:
    group = plant(tmp_path, {"fgsm": (0, 0, 0)})
    control = SPARSE.runs[0]
    for run in SPARSE.runs:
        radii = EPS if run == control else (0.0, EPS[-1])
        right = np.ones((len(radii), 400), bool)
        right[1:, :200] = False
        for network in group.trained(run).values():
            fake_outcome(trained(tmp_path, network.run, 0.75), AttackSpec(Fgsm(loss="margin"), radii), right)
    found = worst_case_of(bound(SPARSE, tmp_path))
    assert found
    for seed, each in found.group.attacked(control).items():
        alone = worst_case({"fgsm": each.attack}, EPS)
        both = found.outcomes[control][seed]
        assert (both.right[:-1] == alone.right[:-1]).all()
        assert (both.right[-1] < alone.right[-1]).any()
