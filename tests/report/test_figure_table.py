"""Every number of a table, beside the same again from the raw files; and what is said where one is missing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import diverged, fake_outcome, trained
from oracle import difference, figures, half_width, raw
from recorded import EPS, GROUPS, SPARSE, bound, record
from scipy.stats import binomtest, t
from tiny import tiny_run

from bench.attacks import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.fgsm_l2 import FgsmL2
from bench.attacks.pgd import Pgd
from bench.attacks.spec import AttackSpec
from bench.attacks.square import Square
from bench.attacks.transfer import Transfer
from bench.comparison.against_control import compare_each_eps
from bench.comparison.verdict import DASH
from bench.records.outcomes import Quantity
from bench.report.tables.figure_table import figure_table
from bench.report.tables.formats import as_csv
from bench.report.tables.table import Cell, Table


def cells(table: Table, label: str) -> dict[str, Cell]:
    names = [column.name for column in table.columns]
    return next(dict(zip(names, row, strict=True)) for row in table.rows if row[0].text == label)


@pytest.mark.parametrize(("label", "run"), [("dense", ""), ("50 % zero", "-s0.5"), ("90 % zero", "-s0.9")])
def test_every_number_of_a_row_at_three_seeds(tmp_path: Path, label: str, run: str) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1])
    found = cells(figure_table(bound(SPARSE, tmp_path)), label)
    seeds = raw(tmp_path, run)
    assert found["seeds"].text == "0, 1, 2"
    for quantity in ("accuracy", "drop", Quantity.CLEAN_CORRECT):
        for place, eps in enumerate(EPS):
            if eps == 0 and quantity != "accuracy":
                continue
            each = [figures(seed["right"])[quantity][place] for seed in seeds]
            cell = found[f"{quantity} at eps {eps:g}"]
            assert cell.number == pytest.approx(np.mean(each))
            assert cell.deviation == pytest.approx(np.std(each, ddof=1))
            assert cell.low is not None
            assert cell.high is not None
            assert cell.low <= cell.number <= cell.high
            parts = (cell.number, cell.deviation, cell.low, cell.high)
            assert cell.text == "{:.1f} ± {:.1f} [{:.1f}, {:.1f}]".format(*(100 * part for part in parts))
            if quantity != Quantity.CLEAN_CORRECT:
                reached = half_width([seed["right"] for seed in seeds], place, quantity)
                assert (cell.high - cell.low) / 2 == pytest.approx(reached, rel=0.3)
    metrics = [seed["metrics"] for seed in seeds]
    assert found["clean accuracy"].number == pytest.approx(np.mean([each["accuracy"] for each in metrics]))
    assert found["sparsity reached"].number == pytest.approx(metrics[0]["sparsity"])
    assert found["compression"].number == pytest.approx(metrics[0]["parameters"] / metrics[0]["parameters_nonzero"])
    assert found["theoretical speed-up"].number == pytest.approx(metrics[0]["macs"] / metrics[0]["macs_nonzero"])
    assert found["gzip bytes"].number == metrics[0]["gzip_bytes"]
    assert found["images without gradient"].number == 0
    assert found["attack"].text == "FGSM, attacker at T = 1"
    assert found["gradient masked"].text == "not tested (no fgsm(loss=margin))"


def test_the_verdicts_of_a_figure_at_three_seeds(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.1])
    record(tmp_path, SPARSE.runs, [0, 0, -0.1], attack=Fgsm(loss="margin"))
    table = figure_table(bound(SPARSE, tmp_path))
    names = {"dense": "", "50 % zero": "-s0.5", "90 % zero": "-s0.9"}
    right = {label: [seed["right"] for seed in raw(tmp_path, run)] for label, run in names.items()}
    ps = {}
    for label in ("50 % zero", "90 % zero"):
        cell = cells(table, label)["difference in accuracy, 0 < eps <= 8"]
        d, se, df = difference(right, label)
        half = t.ppf(0.975, df) * se
        assert (cell.number, cell.low, cell.high) == pytest.approx((d, d - half, d + half))
        ps[label] = 2 * t.sf(abs(d) / se, df)
    assert ps["90 % zero"] < ps["50 % zero"]
    assert cells(table, "90 % zero")["verdict on accuracy, 0 < eps <= 8"].text.startswith(
        "less robust to this attack: difference -1"
    )
    far = cells(table, "50 % zero")["verdict on accuracy, 0 < eps <= 8"].text
    assert far.endswith(f"p = {ps['50 % zero']:.3f}")
    assert cells(table, "dense")["verdict on accuracy, 0 < eps <= 8"].text == "the control"


def test_at_one_seed_intervals_are_wilsons_and_no_verdict_is_given(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, -0.2], seeds=1)
    found = cells(figure_table(bound(SPARSE, tmp_path)), "90 % zero")
    (seed,) = raw(tmp_path, "-s0.9")
    for place, eps in enumerate(EPS):
        cell = found[f"accuracy at eps {eps:g}"]
        right = int(seed["right"][place].sum())
        expected = binomtest(right, 400).proportion_ci(method="wilson")
        assert (cell.number, cell.low, cell.high) == pytest.approx((right / 400, expected.low, expected.high))
        assert cell.deviation is None
    for quantity in Quantity:
        words = found[f"verdict on {quantity}, 0 < eps <= 8"].text
        assert words.startswith("one seed: no verdict on robustness: difference ")
        assert "images alone" in words
    each_eps = compare_each_eps(bound(SPARSE, tmp_path))
    gained = seed["right"][3] & ~raw(tmp_path, "")[0]["right"][3]
    lost = raw(tmp_path, "")[0]["right"][3] & ~seed["right"][3]
    judged = each_eps[SPARSE.runs[2].name, EPS[3]]
    assert judged.effect.p == pytest.approx(binomtest(int(gained.sum()), int((gained | lost).sum())).pvalue)


def test_a_missing_run_is_a_dash_with_its_command(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:2], [0, 0], seeds=2)
    table = figure_table(bound(SPARSE, tmp_path))
    found = cells(table, "90 % zero")
    command = "bench run --arch fc5 --dataset synthetic --image-size 32 --sparsity 0.9 --eps 0,0.5,1,2,4,8,16,64"
    assert (found["accuracy at eps 1"].text, found["accuracy at eps 1"].command) == (DASH, command)
    assert found["verdict on accuracy, 0 < eps <= 8"].command == command
    assert len(table.missing) == 3 + 2  # three seeds of one run, and the third seed of two
    (row,) = [row for row in csv.DictReader(io.StringIO(as_csv(table))) if row["network"] == "90 % zero"]
    assert (row["accuracy at eps 1"], row["to fill it"]) == (DASH, command)


def test_a_run_that_diverged_is_missing_and_would_diverge_again(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:2], [0, 0])
    diverged(tmp_path, SPARSE.runs[2])
    commands = figure_table(bound(SPARSE, tmp_path)).missing
    assert [command.partition("  # ")[2] for command in commands] == [
        "diverged in epoch 2, and would diverge again",
        "",
        "",
    ]


def test_a_run_attacked_at_fewer_radii_is_missing(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0, 0], eps=(0.0, 1.0))
    table = figure_table(bound(SPARSE, tmp_path))
    assert len(table.missing) == 9
    assert cells(table, "dense")["accuracy at eps 1"].text == DASH
    assert cells(table, "dense")["clean accuracy"].number is not None


def test_low_rank_is_measured_against_full_rank(tmp_path: Path) -> None:
    rank = GROUPS["rank"]
    record(tmp_path, rank.runs[1:], [0])
    assert cells(figure_table(bound(rank, tmp_path)), "LR1")["theoretical speed-up"].text == DASH
    record(tmp_path, rank.runs[:1], [0])
    found = cells(figure_table(bound(rank, tmp_path)), "LR1")
    assert (found["theoretical speed-up"].text, found["compression"].number) == ("2.00x", 2.0)


def test_the_attacker_at_one_finds_the_control_under_its_usual_name_and_the_mask_is_seen(tmp_path: Path) -> None:
    hot = GROUPS["hot-fgsm-knowledge-none"]
    control, tempered = hot.runs
    record(tmp_path, [control], [0])
    record(tmp_path, [tempered], [0.1], attack=Fgsm(knowledge="none"), zero=0.97)
    record(tmp_path, [tempered], [-0.1], attack=Fgsm(loss="margin"))
    table = figure_table(bound(hot, tmp_path))
    found = cells(table, "T = 20")
    assert found["verdict on accuracy, 0 < eps <= 8"].text.startswith("seems robust, but its gradient is masked: ")
    assert found["gradient masked"].text == "masked at 3 of 3 seeds"
    assert found["images without gradient"].number == pytest.approx(0.97)
    assert (found["attack"].text, found["attacker's T"].number) == ("FGSM, attacker at T = 1", 1)
    assert cells(table, "T = 1")["accuracy at eps 1"].number is not None
    assert "attacker at T = 1, network trained at T = 1 or 20." in table.caption


def test_one_seed_is_told_in_the_singular(tmp_path: Path) -> None:
    for attack in (Fgsm(), Fgsm(loss="margin")):
        record(tmp_path, SPARSE.runs, [0, 0, 0], seeds=1, attack=attack)
    assert cells(figure_table(bound(SPARSE, tmp_path)), "50 % zero")["gradient masked"].text == "not seen (1 seed)"


def test_a_net_that_is_never_right_keeps_nothing(tmp_path: Path) -> None:
    for seed in range(3):
        for run in SPARSE.runs:
            own = tiny_run(**{**run.settings, "seed": seed})
            fake_outcome(trained(tmp_path, own, 0.0), AttackSpec(Fgsm(), EPS), np.zeros((len(EPS), 50), bool))
    found = cells(figure_table(bound(SPARSE, tmp_path)), "50 % zero")
    assert found[f"{Quantity.CLEAN_CORRECT} at eps 1"].text == "none correct"
    assert found[f"verdict on {Quantity.CLEAN_CORRECT}, 0 < eps <= 8"].text == "not defined"
    assert found["verdict on accuracy, 0 < eps <= 8"].text.startswith("no verdict: this network did not learn")


def test_no_record_at_all_is_a_table_of_dashes(tmp_path: Path) -> None:
    table = figure_table(bound(SPARSE, tmp_path))
    assert len(table.missing) == 9
    assert cells(table, "dense")["clean accuracy"].text == DASH


def test_a_part_of_a_table_has_the_columns_of_its_sections(tmp_path: Path) -> None:
    part = figure_table(bound(SPARSE, tmp_path)).only("run", "verdict")
    assert [column.name for column in part.columns][:3] == ["network", "run", "seeds"]
    assert {len(row) for row in part.rows} == {len(part.columns)} == {9}


@pytest.mark.parametrize("counts", [True, False])
def test_under_an_attack_that_is_shown_only_no_run_is_called_robust(
    tmp_path: Path, counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Transfer, "counts", counts)
    record(tmp_path, SPARSE.runs, (0, 0.1, -0.1), attack=Transfer())
    table = figure_table(bound(replace(SPARSE, attack=Transfer()), tmp_path))
    _, better, worse = (cell.text for cell in table.column("verdict on accuracy, 0 < eps <= 8"))
    word = "robust to this attack" if counts else "accurate under this attack, which is no evidence of robustness"
    assert better.startswith(f"more {word}: difference +")
    assert worse.startswith(f"less {word}: difference -")
    assert ("shown only: no network is called more robust for it" in table.caption) != counts


@pytest.mark.parametrize(("eps", "judged"), [((0.0, 64.0, 128.0), True), ((0.0, 256.0), False)])
def test_a_verdict_under_a_euclidean_attack_is_at_its_own_radii(
    tmp_path: Path, eps: tuple[float, ...], judged: bool
) -> None:
    group = replace(SPARSE, attack=FgsmL2(), eps=eps)
    record(tmp_path, SPARSE.runs, (0, 0.1, -0.1), attack=FgsmL2(), eps=eps)
    _, better, _ = (
        cell.text for cell in figure_table(bound(group, tmp_path)).column("verdict on accuracy, 0 < eps <= 128")
    )
    assert ("difference +" in better) is judged
    assert (better == "not measured at 0 < eps <= 128") is not judged


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (Fgsm(loss="margin"), "the attack is on the margin"),
        (Pgd(loss="dlr"), "no cross-entropy gradient to mask"),
        (Square(), "no cross-entropy gradient to mask"),
    ],
)
def test_only_an_attack_on_the_margin_is_said_to_be(tmp_path: Path, attack: Attack, words: str) -> None:
    record(tmp_path, SPARSE.runs, (0, 0, 0), attack=attack, seeds=1)
    table = figure_table(bound(replace(SPARSE, attack=attack), tmp_path))
    assert {cell.text for cell in table.column("gradient masked")} == {words}


def test_one_seed_without_a_correct_image_is_said_to_be_one(tmp_path: Path) -> None:
    for seed, clean in enumerate((0.0, 0.8, 0.8)):
        for run in SPARSE.runs:
            own = tiny_run(**{**run.settings, "seed": seed})
            right = np.tile(np.arange(50) < 50 * clean, (len(EPS), 1))
            fake_outcome(trained(tmp_path, own, clean), AttackSpec(Fgsm(), EPS), right)
    found = cells(figure_table(bound(SPARSE, tmp_path)), "50 % zero")
    assert found[f"{Quantity.CLEAN_CORRECT} at eps 1"].text == "none correct at 1 of 3 seeds"
