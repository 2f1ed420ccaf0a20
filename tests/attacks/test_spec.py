"""An attack on a run: radii, fraction, file names, and the attacks that a run gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.attacks import attack_named, known_attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.fgsm_l2 import FgsmL2
from bench.attacks.norms import NORMS, Norm
from bench.attacks.spec import AttackSpec, attack_specs, parse_eps
from bench.errors import BadInput
from bench.spec.run import Run

RUN = Run.of(arch="fc5", dataset="synthetic")


def test_the_names_of_the_files_are_one_word_and_differ() -> None:
    texts = [
        "fgsm",
        "fgsm(knowledge=none)",
        "fgsm(knowledge=20)",
        "fgsm(knowledge=0.125)",
        "fgsm(loss=margin)",
        "fgsm-l2",
    ]
    specs = [AttackSpec(attack_named(text)) for text in texts]
    specs += [AttackSpec(Fgsm(), (0.0, 1.0)), AttackSpec(Fgsm(), fraction=0.5)]
    names = [spec.name for spec in specs]
    assert names[0] == "fgsm"
    assert len(set(names)) == len(names)
    assert set("".join(names)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"eps": (0.0, 1.0000001)}, {"eps": (0.0, 1.0000002)}),
        ({"eps": (0.0, 1.0)}, {"eps": (0.0, 1.0000001)}),
        ({"fraction": 0.1234567}, {"fraction": 0.12345671}),
    ],
)
def test_radii_and_fractions_that_differ_by_little_are_two_attacks(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert AttackSpec(Fgsm(), **one).name != AttackSpec(Fgsm(), **other).name


def test_a_fifth_of_imagenette_is_the_reports_785_images_drawn_by_seed() -> None:
    spec = AttackSpec(Fgsm(), fraction=0.2)
    drawn = spec.subset(RUN, 3925)
    assert len(set(drawn.tolist())) == len(drawn) == 785
    np.testing.assert_array_equal(drawn, spec.subset(RUN, 3925))
    assert (drawn != spec.subset(Run.of(arch="fc5", dataset="synthetic", seed=1), 3925)).any()
    assert 0.15 < (drawn < 785).mean() < 0.25


def test_the_whole_is_everything_in_order_and_a_small_fraction_one_image() -> None:
    np.testing.assert_array_equal(AttackSpec(Fgsm()).subset(RUN, 7), np.arange(7))
    assert len(AttackSpec(Fgsm(), fraction=0.001).subset(RUN, 7)) == 1


@pytest.mark.parametrize("text", ["-1,2", "0,256", "2,1", "1,1", "a", "0,nan", "0,inf", "", "0,,1"])
def test_wrong_radii_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="eps"):
        AttackSpec(Fgsm(), parse_eps(text))


def test_too_many_radii_are_refused_in_a_short_message() -> None:
    with pytest.raises(BadInput, match=r"20,001 values: expected at most 200") as refusal:
        AttackSpec(Fgsm(), parse_eps(",".join(str(0.001 * number) for number in range(1, 20_001))))
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("text", ["8/255", "0,8/255"])
def test_a_radius_out_of_255_is_refused_with_the_unit(text: str) -> None:
    with pytest.raises(BadInput, match="8/255 is 8"):
        parse_eps(text)


def test_zero_is_put_in_front() -> None:
    assert parse_eps("1,2") == parse_eps("0,1,2") == (0.0, 1.0, 2.0)


@pytest.mark.parametrize("fraction", [0.0, -0.5, 1.5, float("nan")])
def test_a_wrong_fraction_is_refused(fraction: float) -> None:
    with pytest.raises(BadInput, match="attack fraction"):
        AttackSpec(Fgsm(), fraction=fraction)


@pytest.mark.parametrize("norm", NORMS.values(), ids=str)
def test_the_usual_radii_are_a_grid_from_zero_to_the_largest(norm: Norm) -> None:
    assert norm.eps[0] == 0
    assert list(norm.eps) == sorted(set(norm.eps))
    assert norm.eps[-1] <= norm.largest
    assert set(norm.shown) <= set(norm.eps)


def test_the_usual_radii_of_the_default_attack_reach_half_the_range() -> None:
    assert AttackSpec(Fgsm()).eps[-1] >= 127.5


def test_each_norm_limits_its_own_radii() -> None:
    assert AttackSpec(FgsmL2(), (0.0, 300.0)).eps[-1] == 300
    with pytest.raises(BadInput, match="eps"):
        AttackSpec(Fgsm(), (0.0, 300.0))


def names(temperature: float, *asked: str, eps: tuple[float, ...] = ()) -> list[str]:
    run = Run.of(arch="fc5", temperature=temperature)
    return [str(spec.attack) for spec in attack_specs(run, [attack_named(text) for text in asked], eps)]


def test_at_temperature_1_a_run_is_attacked_by_fgsm_alone() -> None:
    assert names(1.0) == ["fgsm"]
    assert names(1.0, "fgsm(knowledge=5)", "fgsm(knowledge=5)") == ["fgsm(knowledge=5)"]


def test_attackers_that_are_one_at_temperature_1_attack_a_run_once_under_one_name() -> None:
    assert names(1.0, "fgsm(knowledge=none)") == ["fgsm"]
    assert names(1.0, "pgd(knowledge=none)", "fgsm", "fgsm(knowledge=none)") == ["pgd", "fgsm"]
    assert names(20.0, "fgsm(knowledge=none)", "fgsm")[:2] == ["fgsm(knowledge=none)", "fgsm"]


def test_at_another_temperature_by_both_attackers_and_on_the_margin_of_each_norm() -> None:
    assert names(20.0) == ["fgsm", "fgsm(knowledge=none)", "fgsm(loss=margin)"]
    assert names(20.0, "fgsm(knowledge=5)") == ["fgsm(knowledge=5)", "fgsm(loss=margin)"]
    assert names(20.0, "fgsm", "fgsm-l2") == ["fgsm", "fgsm-l2", "fgsm(loss=margin)", "fgsm-l2(loss=margin)"]


def test_one_list_of_radii_for_two_norms_is_refused() -> None:
    with pytest.raises(BadInput, match="L-infinity and L2"):
        names(1.0, "fgsm", "fgsm-l2", eps=(0.0, 1.0))


def test_the_files_of_recorded_attacks_keep_their_names() -> None:
    found = [
        (path.stem, AttackSpec(attack, tuple(row["eps"] for row in record["rows"]), record["fraction"]).name)
        for path in sorted((Path(__file__).parents[2] / "results").glob("*/seed-*/attacks/*.json"))
        if (record := json.loads(path.read_text())["record"]) and (attack := known_attack(record["attack"]))
    ]
    assert found
    assert [file for file, name in found if file != name] == []
