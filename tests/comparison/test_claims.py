"""What shows or refutes a claim, and that verdict and sentence of a finding agree."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.comparison.findings.claims import Claim, Finding, Kind
from bench.comparison.findings.score import ClaimStatus, Examined, ScoredFinding, Verdict, examined
from bench.comparison.paired import Effect
from bench.records.outcomes import CUSTOMARY, Quantity
from bench.report.findings import Card


def claim(kind: Kind) -> Claim:
    return Claim("it is so", "9", {"dense": 1.0, "98 % zero": -1.0}, Quantity.ACCURACY, CUSTOMARY, kind)


@pytest.mark.parametrize(
    ("kind", "difference", "p", "p_same", "p_bound", "p_beyond", "expected"),
    [
        (Kind.MORE, 0.05, 0.01, 1, 1, 1, ClaimStatus.SHOWN),
        (Kind.MORE, -0.05, 0.01, 1, 1, 1, ClaimStatus.REFUTED),
        (Kind.MORE, 0.01, 0.2, 0.01, 0.01, 1, ClaimStatus.REFUTED),
        (Kind.MORE, 0.01, 0.01, 0.01, 0.01, 1, ClaimStatus.SHOWN),
        (Kind.MORE, 0.05, 0.2, 1, 1, 1, ClaimStatus.OPEN),
        (Kind.LESS, -0.05, 0.01, 1, 1, 1, ClaimStatus.SHOWN),
        (Kind.LESS, 0.05, 0.01, 1, 1, 1, ClaimStatus.REFUTED),
        (Kind.SLIGHTLY_LESS, -0.01, 0.01, 0.01, 0.01, 1, ClaimStatus.SHOWN),
        (Kind.SLIGHTLY_LESS, -0.01, 0.2, 0.01, 0.01, 1, ClaimStatus.OPEN),
        (Kind.SLIGHTLY_LESS, 0.01, 0.01, 0.01, 0.01, 1, ClaimStatus.REFUTED),
        (Kind.SAME, 0.01, 0.01, 0.2, 0.01, 1, ClaimStatus.SHOWN),
        (Kind.SAME, 0.05, 0.01, 1, 1, 0.01, ClaimStatus.REFUTED),
        (Kind.SAME, 0.03, 0.01, 1, 1, 0.2, ClaimStatus.OPEN),
        (Kind.NOT_MORE, -0.05, 0.01, 1, 0.001, 1, ClaimStatus.SHOWN),
        (Kind.NOT_MORE, 0.05, 0.01, 1, 1, 0.01, ClaimStatus.REFUTED),
        (Kind.NOT_MORE, 0.015, 0.01, 1, 0.1, 0.9, ClaimStatus.OPEN),
        (Kind.NOT_LESS, -0.05, 0.01, 1, 1, 0.01, ClaimStatus.REFUTED),
        (Kind.NOT_LESS, 0.01, 0.2, 1, 0.2, 1, ClaimStatus.OPEN),
    ],
)
def test_what_a_claim_needs(
    kind: Kind, difference: float, p: float, p_same: float, p_bound: float, p_beyond: float, expected: ClaimStatus
) -> None:
    for seeds in ((0, 1, 2), (0, 1)):
        effect = Effect(difference, 0.01, 10, seeds, 785)
        found = Examined(claim(kind), effect, p, p_same, p_bound, p_beyond)
        assert found.status is (expected if len(seeds) == 3 else ClaimStatus.OPEN)


P = st.floats(0, 1)
EXAMINED = st.builds(
    Examined,
    claim=st.sampled_from(Kind).map(claim),
    effect=st.builds(
        Effect,
        difference=st.floats(-1, 1),
        se=st.floats(0, 0.5),
        df=st.floats(1, 1000),
        seeds=st.sampled_from([(0,), (0, 1), (0, 1, 2)]),
        images=st.just(785),
    ),
    p=P | st.floats(0, 0.06),
    p_same=P | st.floats(0, 0.06),
    p_bound=P | st.floats(0, 0.06),
    p_beyond=P | st.floats(0, 0.06),
)


@given(st.lists(EXAMINED, max_size=4), st.integers(0, 1), st.booleans())
def test_verdict_and_sentence_agree(tested: list[Examined], lacking: int, counterexample: bool) -> None:
    claims = tuple(each.claim for each in tested) + (claim(Kind.MORE),) * lacking
    finding = Finding("0-x", "somewhere", "it is more robust", "the difference", "as it is", claims, counterexample)
    found = ScoredFinding(finding, tuple(tested), ("bench run --arch fc5",) * lacking)
    said = re.match(r"Finding 0-x \(somewhere\): (reproduced|contradicted|inconclusive|not run)\b", found.sentence)
    assert said
    assert said.group(1) == found.verdict
    assert "robust" not in found.sentence
    if found.verdict in (Verdict.REPRODUCED, Verdict.CONTRADICTED):
        assert found.deciding is not None
        assert len(found.deciding.effect.seeds) >= 3
        status = ClaimStatus.SHOWN if found.verdict is Verdict.REPRODUCED else ClaimStatus.REFUTED
        assert f'"it is so" is {status}: ' in found.sentence
        if not counterexample and status is ClaimStatus.SHOWN:
            assert {each.status for each in tested} == {ClaimStatus.SHOWN}
            assert not lacking
    elif found.verdict is Verdict.INCONCLUSIVE:
        assert found.deciding is None or found.deciding.status is ClaimStatus.OPEN


@given(
    st.sampled_from([Kind.SAME, Kind.NOT_MORE, Kind.NOT_LESS]),
    st.floats(-0.02, 0.02),
    st.floats(1e-6, 0.5),
    st.floats(2, 1000),
)
def test_a_difference_within_the_margin_never_refutes_that_it_is(
    kind: Kind, difference: float, se: float, df: float
) -> None:
    finding = Finding("0-x", "somewhere", "it is so", "the difference", "as it is", (claim(kind),))
    effect = Effect(difference, se, df, (0, 1, 2), 785)
    (found,) = examined(finding, {"0": effect})
    assert found.status is not ClaimStatus.REFUTED


@pytest.mark.parametrize(
    ("kind", "difference", "status", "against"),
    [
        (Kind.SAME, -0.05, ClaimStatus.REFUTED, "within 2 points"),
        (Kind.SAME, 0.05, ClaimStatus.REFUTED, "within 2 points"),
        (Kind.NOT_MORE, 0.05, ClaimStatus.REFUTED, "within 2 points"),
        (Kind.NOT_MORE, -0.05, ClaimStatus.SHOWN, "beyond 2 points"),
        (Kind.NOT_LESS, -0.05, ClaimStatus.REFUTED, "within 2 points"),
        (Kind.NOT_LESS, 0.05, ClaimStatus.SHOWN, "beyond 2 points"),
    ],
)
def test_a_difference_beyond_the_margin_is_refuted_on_the_side_that_the_claim_excludes(
    kind: Kind, difference: float, status: ClaimStatus, against: str
) -> None:
    finding = Finding("0-x", "somewhere", "it is so", "the difference", "as it is", (claim(kind),))
    (found,) = examined(finding, {"0": Effect(difference, 0.005, 10, (0, 1, 2), 785)})
    assert found.status is status
    assert found.reason.endswith(f"against a difference {against}")


def test_a_significant_difference_that_decides_nothing_is_not_called_chance() -> None:
    finding = Finding("0-x", "somewhere", "it is so", "the difference", "as it is", (claim(Kind.SAME),))
    found = examined(finding, {"0": Effect(-0.02, 0.005, 1000, (0, 1, 2), 785)})
    assert (found[0].status, found[0].p < 0.001) == (ClaimStatus.OPEN, True)
    verdict = Card(ScoredFinding(finding, found), {}).verdict
    assert "do not decide" in verdict
    assert "chance" not in verdict


def test_of_open_claims_whose_p_is_one_the_farthest_from_being_shown_decides() -> None:
    finding = Finding("0-x", "somewhere", "it is so", "the difference", "as it is", (claim(Kind.SAME),) * 3)
    effects = {str(place): Effect(d, 0.001, 3000, (0,), 785) for place, d in enumerate((-0.14, -0.21, -0.18))}
    deciding = ScoredFinding(finding, examined(finding, effects)).deciding
    assert deciding is not None
    assert deciding.effect.difference == -0.21


def test_of_open_claims_the_one_that_would_be_refuted_decides_before_the_one_that_is_not_clear() -> None:
    claims = (claim(Kind.LESS), claim(Kind.MORE))
    finding = Finding("0-x", "somewhere", "it is so", "the difference", "as it is", claims)
    effects = {str(place): Effect(d, 0.005, 3000, (0,), 785) for place, d in enumerate((-0.004, -0.276))}
    deciding = ScoredFinding(finding, examined(finding, effects)).deciding
    assert deciding is not None
    assert deciding.effect.difference == -0.276
