from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evidence import evidence

from bench.audit.checks import CHECKS, Found, Result
from bench.audit.evidence import Access, Evidence
from bench.audit.verdict import Contradiction, Kind, judge

CONTROL = evidence()


def test_a_network_that_falls_as_its_control_does_breaks() -> None:
    found = judge(evidence(), CONTROL)
    assert found.kind is Kind.BREAKS
    assert [(row.eps, row.naive, row.left, row.control) for row in found.rows] == [
        (2.0, 0.5, 0.45, 0.45),
        (4.0, 0.2, 0.15, 0.15),
    ]


def test_a_network_that_only_fgsm_finds_strong_is_masked() -> None:
    found = judge(evidence(naive=(0.8, 0.7)), CONTROL)
    assert found.kind is Kind.MASKED
    assert [row.naive - row.left for row in found.rows] == pytest.approx([0.35, 0.55])


def test_a_network_clearly_above_its_control_resists_for_the_time_being() -> None:
    strong = evidence(naive=(0.75, 0.55), left=(0.7, 0.5))
    assert judge(strong, CONTROL).kind is Kind.RESISTS
    assert judge(strong, CONTROL).provisional


@pytest.mark.parametrize(
    "probes",
    [{"slope": 0.0}, {"explained": 0.0}, {"repeat": 0.1}, {"half range": 1.0}],
    ids=lambda each: next(iter(each)),
)
def test_what_is_left_is_no_evidence_where_the_attacks_failed(probes: dict[str, float]) -> None:
    strong = evidence(naive=(0.75, 0.55), left=(0.7, 0.5), probes=probes)
    found = judge(strong, CONTROL)
    assert (found.kind, found.misled) == (Kind.MASKED, True)
    assert "less may be left" in found.reasons[0]
    assert not judge(evidence(naive=(0.8, 0.7)), CONTROL).misled


def test_a_masked_naive_gradient_on_a_network_that_is_strong_all_the_same_is_open() -> None:
    strong = evidence(naive=(0.75, 0.55), left=(0.7, 0.5), probes={"zero": 1.0})
    assert judge(strong, CONTROL).kind is Kind.INCONCLUSIVE
    assert judge(evidence(naive=(0.5, 0.25), probes={"zero": 1.0}), CONTROL).kind is Kind.MASKED


def test_a_little_more_than_the_control_is_open() -> None:
    assert judge(evidence(naive=(0.6, 0.3), left=(0.53, 0.23)), CONTROL).kind is Kind.INCONCLUSIVE


def test_without_a_control_nothing_breaks_and_nothing_resists() -> None:
    assert judge(evidence()).kind is Kind.INCONCLUSIVE
    assert judge(evidence(naive=(0.75, 0.55), left=(0.7, 0.5))).kind is Kind.INCONCLUSIVE
    assert judge(evidence(probes={"slope": 0.0})).kind is Kind.MASKED


def test_why_there_is_no_control_is_among_the_reasons() -> None:
    assert "its images are others" in judge(evidence(), uncompared="its images are others").reasons[0]


def test_a_network_at_chance_is_not_judged() -> None:
    found = judge(evidence(naive=(0.1, 0.1), left=(0.0, 0.0), clean=0.12, probes={"slope": 0.0}), CONTROL)
    assert found.kind is Kind.INCONCLUSIVE
    assert "clean accuracy 0.12" in found.reasons[0]
    assert "needed above 0.200" in found.reasons[0]


def test_a_control_at_chance_is_no_control() -> None:
    dull = evidence(naive=(0.1, 0.1), left=(0.0, 0.0), clean=0.12)
    for naive, left in (((0.75, 0.55), (0.7, 0.5)), ((0.8, 0.7), (0.45, 0.15)), ((0.5, 0.2), (0.45, 0.15))):
        found = judge(evidence(naive=naive, left=left), dull)
        assert found.kind is Kind.INCONCLUSIVE
        assert "not shown to have learned" in found.reasons[0]
        assert [row.control for row in found.rows] == [None, None]


def test_a_network_does_not_break_beside_a_control_on_which_the_attacks_failed() -> None:
    failed = evidence(naive=(0.6, 0.5), left=(0.5, 0.4), probes={"slope": 0.0})
    found = judge(evidence(naive=(0.55, 0.35), left=(0.48, 0.3)), failed)
    assert found.kind is Kind.INCONCLUSIVE
    assert "the attacks on the control failed" in found.reasons[0]
    # Less may be left of such a control, not more.
    assert judge(evidence(naive=(0.78, 0.7), left=(0.76, 0.66)), failed).kind is Kind.RESISTS


def test_a_network_does_not_break_on_images_too_few_to_tell() -> None:
    few = np.arange(0, 200, 10)
    ours, theirs = evidence(naive=(0.5, 0.25), left=(0.45, 0.2)), evidence(left=(0.45, 0.15))
    assert judge(ours, theirs).kind is Kind.BREAKS
    found = judge(ours.on(few), theirs.on(few))
    assert found.kind is Kind.INCONCLUSIVE
    assert "on so few images" in found.reasons[0]


def test_an_image_that_one_step_fooled_does_not_count_for_twice_the_steps() -> None:
    image = np.arange(200)
    only_one_step = (image >= 80) & (image < 84)
    found = evidence(naive=(0.4, 0.1), left=(0.42, 0.12), probes={"longer": np.where(only_one_step, 0.0, 1.0).tolist()})
    assert result("twice the steps", found).value == 0


def test_networks_are_compared_on_the_images_that_both_have() -> None:
    ours, theirs = evidence(), CONTROL.on(CONTROL.indices[::2])
    row = judge(ours, theirs).rows[0]
    assert (row.left, row.control) == (0.45, 0.45)


FLAGGED: list[tuple[str, dict[str, Any]]] = [
    ("repeatable logits", {"probes": {"repeat": 1e-3}}),
    ("zero gradients", {"probes": {"zero": 1.0}}),
    ("zero gradients", {"not_finite": 3}),
    ("agreement of signs", {"probes": {"agreement": 0.5}}),
    ("gradient", {"probes": {"explained": 0.1}}),
    ("slope", {"probes": {"slope": 3.0}}),
    ("slope", {"probes": {"slope": float("nan")}}),
    ("illusion", {"naive": (0.8, 0.5)}),
    ("margin step", {"naive": (0.8, 0.5), "margin": (0.5, 0.3)}),
    ("known temperature", {"naive": (0.8, 0.5), "known": (0.5, 0.3), "temperature": 50.0}),
    ("no gradients", {"missed": {Access.BLACK_BOX: 10}}),
    ("transfer", {"missed": {Access.TRANSFER: 10}}),
    ("many steps", {"naive": (0.4, 0.1), "left": (0.5, 0.2)}),
    ("rise with eps", {"naive": (0.5, 0.7)}),
    ("twice the steps", {"probes": {"longer": 0.0}}),
    ("half the range", {"probes": {"half range": 1.0}}),
    ("planted images", {"probes": {"planted": 0.0}}),
]
PASSED: dict[str, dict[str, Any]] = {
    "known temperature": {"temperature": 50.0},
    "no gradients": {"missed": {Access.BLACK_BOX: 1}},
    "transfer": {"missed": {Access.TRANSFER: 1}},
    "twice the steps": {"probes": {"longer": 1.0}},
    "planted images": {"probes": {"planted": 1.0}},
}


def result(name: str, found: Evidence) -> Found:
    return CHECKS[name](found, CONTROL)


@pytest.mark.parametrize(("name", "settings"), FLAGGED, ids=[name for name, _ in FLAGGED])
def test_a_check_flags_its_fault(name: str, settings: dict[str, Any]) -> None:
    assert result(name, evidence(**settings)).result is Result.FLAG


@pytest.mark.parametrize(("name", "access"), [("no gradients", Access.BLACK_BOX), ("transfer", Access.TRANSFER)])
def test_an_image_that_falls_at_two_radii_counts_once(name: str, access: Access) -> None:
    found = result(name, evidence(left=(0.1, 0.1), missed={access: 2}))
    assert found.result is Result.PASS
    assert "2 of 20 images" in found.sentence


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_a_fault_that_it_flags_and_passes_an_honest_network(name: str) -> None:
    assert name in dict(FLAGGED)
    assert result(name, evidence(**PASSED.get(name, {}))).result is Result.PASS


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_without_its_measurement_does_not_apply(name: str) -> None:
    bare = Evidence("screen", (2.0,), 1.0, 10, *[evidence().labels] * 3, stages=())
    if name not in ("many steps", "illusion"):  # they need no more than the stages that there are
        assert CHECKS[name](bare).result is Result.NOT_APPLICABLE


def test_what_is_certified_stands_beside_what_is_left_and_a_contradiction_is_refused() -> None:
    radii = np.where(np.arange(200) < 30, 3.0, 0.0)
    radii[160:] = -1  # these are wrong from the start
    rows = judge(evidence(probes={"certified": radii})).rows
    assert [row.certified for row in rows] == [0.15, 0.0]
    assert [row.certified for row in judge(evidence()).rows] == [None, None]
    some = np.where(np.arange(200) < 60, radii, np.nan)
    assert [row.certified for row in judge(evidence(probes={"certified": some})).rows] == [0.5, 0.0]
    with pytest.raises(Contradiction, match="certified at eps 2 and fooled"):
        judge(evidence(probes={"certified": np.where(radii < 0, -1, 5.0)}))


def test_a_hidden_gradient_that_hides_nothing_is_no_mask() -> None:
    # Signs that agree on fewer pixels are found in honest networks too: very sparse ones, or ones that hardly learned.
    odd = evidence(naive=(0.5, 0.2), left=(0.5, 0.2), probes={"agreement": 0.85})
    found = judge(odd, CONTROL)
    assert (found.kind, found.found["agreement of signs"].flagged) == (Kind.BREAKS, True)
    assert judge(odd).kind is Kind.INCONCLUSIVE
    assert judge(evidence(naive=(0.6, 0.4), probes={"agreement": 0.85})).kind is Kind.MASKED


def test_an_undefended_network_breaks_unless_a_check_speaks_against_it() -> None:
    assert judge(evidence(), undefended=True).kind is Kind.BREAKS
    assert judge(evidence()).kind is Kind.INCONCLUSIVE
    assert judge(evidence(probes={"slope": 0.0}), undefended=True).kind is Kind.MASKED
