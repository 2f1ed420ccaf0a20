"""Masking: an attack compared with the margin step of its norm, on networks that learned."""

from __future__ import annotations

import numpy as np
import pytest
from targets import trained

from bench.attacks import Attack, attack_named
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Dataset, Split
from bench.evaluation.masking import masking
from bench.evaluation.referee import judge
from bench.records.schema import AttackRecord, EnvironmentRecord, RadiusRow, ThreatRecord


def recorded(attack: Attack, rows: list[RadiusRow], temperature: float, images: int, fraction: float) -> AttackRecord:
    threat = attack.threat(temperature)
    return AttackRecord(
        attack=str(attack),
        threat=ThreatRecord(norm=attack.norm.name, trained_temperature=temperature, **vars(threat)),
        images=images,
        fraction=fraction,
        gradient_zero_images=0.0,
        gradient_zero_pixels=0.0,
        rows=rows,
        weights="",
        data="",
        environment=EnvironmentRecord(),
    )


def record(text: str, accuracies: dict[float, float], *, images: int = 1000, fraction: float = 1.0) -> AttackRecord:
    rows = [
        RadiusRow(eps=eps, accuracy=each, low=each, high=each, drop=0.0, accuracy_of_clean_right=None)
        for eps, each in accuracies.items()
    ]
    return recorded(attack_named(text), rows, 1.0, images, fraction)


MARGIN = record("fgsm(loss=margin)", {0.0: 0.8, 1.0: 0.4, 2.0: 0.1})
MARGIN_L2 = record("fgsm-l2(loss=margin)", {0.0: 0.8, 1.0: 0.7, 2.0: 0.6})


@pytest.mark.parametrize(("at_two", "masked"), [(0.10, False), (0.149, False), (0.151, True), (0.7, True)])
def test_more_than_five_points_at_some_eps_is_masking(at_two: float, masked: bool) -> None:
    (finding,) = masking([record("fgsm", {0.0: 0.8, 1.0: 0.4, 2.0: at_two}), MARGIN], 10)
    assert finding.masked is masked
    assert finding.gap == pytest.approx(at_two - 0.1)
    assert ("the gradient is masked" in finding.words) is masked
    assert "robust" not in finding.words


def test_the_sentence_has_the_numbers_of_the_largest_gap() -> None:
    (finding,) = masking([record("fgsm", {0.0: 0.8, 1.0: 0.75, 2.0: 0.2}), MARGIN], 10)
    assert (finding.eps, finding.accuracy, finding.reference_accuracy) == (1, 0.75, 0.4)
    for number in ("eps 1", "75.0 %", "40.0 %"):
        assert number in finding.words


def test_only_what_can_be_compared_is_compared() -> None:
    assert masking([MARGIN], 10) == []
    assert masking([record("fgsm", {0.0: 0.8, 2.0: 0.7}, fraction=0.2), MARGIN], 10) == []
    assert masking([record("fgsm", {0.0: 0.8, 3.0: 0.7}), MARGIN], 10) == []
    (finding,) = masking([record("fgsm", {0.0: 0.8, 2.0: 0.7, 3.0: 0.7}), MARGIN], 10)
    assert finding.eps == 2


def test_each_attack_on_the_cross_entropy_has_its_own_finding() -> None:
    known, unknown = record("fgsm", {0.0: 0.8, 1.0: 0.41}), record("fgsm(knowledge=none)", {0.0: 0.8, 1.0: 0.8})
    assert [finding.masked for finding in masking([known, unknown, MARGIN], 10)] == [False, True]


def test_an_attack_is_compared_with_the_margin_step_of_its_own_norm() -> None:
    accuracies = {0.0: 0.8, 1.0: 0.72, 2.0: 0.62}
    both = [record("fgsm", accuracies), record("fgsm-l2", accuracies), MARGIN_L2, MARGIN]
    found = {finding.attack: finding for finding in masking(both, 10)}
    assert (found["fgsm"].reference, found["fgsm"].masked) == ("fgsm(loss=margin)", True)
    assert (found["fgsm-l2"].reference, found["fgsm-l2"].masked) == ("fgsm-l2(loss=margin)", False)
    assert masking([record("fgsm-l2", accuracies), MARGIN], 10) == []
    assert masking([record("fgsm", accuracies), MARGIN_L2], 10) == []


@pytest.mark.parametrize(
    ("clean", "images", "classes", "tested"), [(0.8, 1000, 10, True), (0.1, 1000, 10, False), (0.6, 1000, 2, False)]
)
def test_a_network_that_did_not_learn_has_no_finding(clean: float, images: int, classes: int, tested: bool) -> None:
    flat = record("fgsm", {0.0: clean, 1.0: clean}, images=images)
    step = record("fgsm(loss=margin)", {0.0: clean, 1.0: 0.0}, images=images)
    assert [finding.masked for finding in masking([flat, step], classes)] == [True] * tested


@pytest.mark.parametrize("name", ["fgsm", "fgsm-l2"])
@pytest.mark.parametrize(("temperature", "masked"), [(1.0, False), (20.0, True), (90.0, True)])
def test_large_logits_mask_the_gradient_of_an_attacker_who_does_not_know_the_temperature(
    name: str, temperature: float, masked: bool, tiny: Dataset
) -> None:
    # A network trained on logits / T to the same loss has logits T times as large. With two classes the gradients of the
    # two losses differ only in size.
    train, val = (Split(split.images, split.labels // 2, split.names) for split in (tiny.train, tiny.val))
    target, records = trained(train, classes=2, temperature=temperature), []
    for settings in ("", "(knowledge=none)", "(loss=margin)"):
        attack = attack_named(name + settings)
        spec = AttackSpec(attack, (0.0, 0.5, 1.0, 4.0, 16.0, 64.0) if name == "fgsm" else ())
        outcomes = judge(spec, target, val, np.arange(len(val)), 0, lambda *_: None)
        rows = [RadiusRow(**row) for row in outcomes.rows()]
        records.append(recorded(attack, rows, temperature, len(val), 1.0))
    assert [finding.masked for finding in masking(records, 2)] == [False, masked]
