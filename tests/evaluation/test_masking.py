"""Masking: an attack compared with the margin step of its norm, on networks that learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from attack_records import attacked, network
from fakes import fake_outcome, trained
from targets import trained as trained_target

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Dataset, Split
from bench.evaluation.masking import Masking, masking
from bench.evaluation.referee import judge
from bench.spec.run import Run

MARGIN = {"fgsm(loss=margin)": {0.0: 0.8, 1.0: 0.4, 8.0: 0.1}}
MARGIN_L2 = {"fgsm-l2(loss=margin)": {0.0: 0.8, 1.0: 0.7, 8.0: 0.6}}


def found(results: Path, attacks: Mapping[str, Mapping[float, float]], images: int = 4000) -> list[Masking]:
    accuracies: dict[str, Sequence[float]] = {text: list(each.values()) for text, each in attacks.items()}
    eps: dict[str, Sequence[float]] = {text: list(each) for text, each in attacks.items()}
    return masking(network(attacked(results, accuracies, eps=eps, images=images)))


@pytest.mark.parametrize(("at_eight", "masked"), [(0.10, False), (0.149, False), (0.16, True), (0.7, True)])
def test_more_than_five_points_at_some_eps_is_masking(at_eight: float, masked: bool, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, {"fgsm": {0.0: 0.8, 1.0: 0.4, 8.0: at_eight}, **MARGIN})
    assert finding.masked is masked
    assert finding.gap == pytest.approx(at_eight - 0.1)
    assert ("the gradient is masked" in finding.words) is masked
    assert "robust" not in finding.words


@pytest.mark.parametrize(("images", "masked"), [(100, False), (4000, True)])
def test_a_gap_above_five_points_is_masking_only_if_the_images_show_it(
    images: int, masked: bool, tmp_path: Path
) -> None:
    (finding,) = found(tmp_path, {"fgsm": {0.0: 0.8, 1.0: 0.4, 8.0: 0.17}, **MARGIN}, images)
    assert finding.gap == pytest.approx(0.07)
    assert finding.masked is masked
    assert ("is not shown" in finding.words) is not masked
    spread = np.sqrt(0.07 * 0.93 / (images - 1))
    assert finding.least == pytest.approx(0.07 - 1.96 * spread, abs=0.001)  # the larger of two radii: 2.5 % each


def test_the_sentence_has_the_numbers_of_the_largest_gap(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, {"fgsm": {0.0: 0.8, 1.0: 0.75, 8.0: 0.2}, **MARGIN})
    assert (finding.eps, finding.accuracy, finding.reference_accuracy) == (1, 0.75, 0.4)
    for number in ("eps 1", "75.0 %", "40.0 %"):
        assert number in finding.words


def test_only_radii_of_both_are_compared(tmp_path: Path) -> None:
    assert found(tmp_path / "alone", MARGIN) == []
    assert found(tmp_path / "other", {"fgsm": {0.0: 0.8, 3.0: 0.7}, **MARGIN}) == []
    (finding,) = found(tmp_path / "both", {"fgsm": {0.0: 0.8, 1.0: 0.4, 3.0: 0.7, 8.0: 0.3}, **MARGIN})
    assert finding.eps == 8


def test_no_masking_is_said_only_where_the_margin_step_reaches_the_largest_radius_of_a_verdict(tmp_path: Path) -> None:
    alike = {0.0: 0.8, 1.0: 0.4, 8.0: 0.1}
    short = {"fgsm(loss=margin)": {0.0: 0.8, 1.0: 0.4}}
    assert found(tmp_path / "short", {"fgsm": alike, **short}) == []
    (finding,) = found(tmp_path / "masked", {"fgsm": {**alike, 1.0: 0.7}, **short})
    assert finding.masked


def test_an_attack_on_a_part_of_the_images_is_compared_on_these_alone(tmp_path: Path) -> None:
    folder = trained(tmp_path, Run.of(arch="fc5"), 0.8)
    eps, right = (0.0, 8.0), np.ones((2, 200), np.bool_)
    right[1, 100:] = False  # the margin step fools the second half
    fake_outcome(folder, AttackSpec(attack_named("fgsm(loss=margin)"), eps), right)
    fake_outcome(folder, AttackSpec(attack_named("fgsm"), eps, 0.5), np.ones((2, 100), np.bool_))
    (finding,) = masking(network(folder))
    assert (finding.images, finding.gap, finding.masked) == (100, 0.0, False)


def test_each_attack_on_the_cross_entropy_has_its_own_finding(tmp_path: Path) -> None:
    known, unknown = {0.0: 0.8, 8.0: 0.11}, {0.0: 0.8, 8.0: 0.8}
    both = found(tmp_path, {"fgsm": known, "fgsm(knowledge=none)": unknown, **MARGIN})
    assert {each.attack: each.masked for each in both} == {"fgsm": False, "fgsm(knowledge=none)": True}


def test_an_attack_is_compared_with_the_margin_step_of_its_own_norm(tmp_path: Path) -> None:
    accuracies = {0.0: 0.8, 1.0: 0.72, 8.0: 0.62}
    both = {"fgsm": accuracies, "fgsm-l2": accuracies, **MARGIN_L2, **MARGIN}
    seen = {finding.attack: finding for finding in found(tmp_path / "both", both)}
    assert (seen["fgsm"].reference, seen["fgsm"].masked) == ("fgsm(loss=margin)", True)
    assert (seen["fgsm-l2"].reference, seen["fgsm-l2"].masked) == ("fgsm-l2(loss=margin)", False)
    assert found(tmp_path / "one", {"fgsm-l2": accuracies, **MARGIN}) == []
    assert found(tmp_path / "other", {"fgsm": accuracies, **MARGIN_L2}) == []


@pytest.mark.parametrize(("clean", "classes", "tested"), [(0.8, 10, True), (0.1, 10, False), (0.6, 2, False)])
def test_a_network_that_did_not_learn_has_no_finding(clean: float, classes: int, tested: bool, tmp_path: Path) -> None:
    folder = attacked(tmp_path, {"fgsm": [clean] * 8, "fgsm(loss=margin)": [clean] + [0.0] * 7}, accuracy=clean)
    whole = network(folder)
    data = whole.record.data.model_copy(update={"classes": [str(n) for n in range(classes)]})
    some = replace(whole, record=whole.record.model_copy(update={"data": data}))
    assert [finding.masked for finding in masking(some)] == [True] * tested


@pytest.mark.parametrize("name", ["fgsm", "fgsm-l2"])
@pytest.mark.parametrize(("temperature", "masked"), [(1.0, False), (20.0, True), (90.0, True)])
def test_large_logits_mask_the_gradient_of_an_attacker_who_does_not_know_the_temperature(
    name: str, temperature: float, masked: bool, tiny: Dataset, tmp_path: Path
) -> None:
    # A network trained on logits / T to the same loss has logits T times as large. With two classes the gradients of the
    # two losses differ only in size.
    train, val = (Split(split.images, split.labels // 2, split.names) for split in (tiny.train, tiny.val))
    target = trained_target(train, classes=2, temperature=temperature)
    folder = trained(tmp_path, Run.of(arch="fc5", temperature=temperature), 0.9)
    for settings in ("", "(knowledge=none)", "(loss=margin)"):
        attack = attack_named(name + settings)
        spec = AttackSpec(attack, (0.0, 0.5, 1.0, 4.0, 8.0, 16.0, 64.0) if name == "fgsm" else ())
        outcomes = judge(spec, target, val, np.arange(len(val)), 0, lambda *_: None)
        fake_outcome(folder, spec, outcomes.right)
    assert {each.attack: each.masked for each in masking(network(folder))} == {
        name: False,
        f"{name}(knowledge=none)": masked,
    }
