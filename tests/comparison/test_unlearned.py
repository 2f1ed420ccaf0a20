"""A network that did not learn gets no verdict, whatever an attack does to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import IMAGES, fake_outcome, trained
from recorded import EPS, SPARSE, bound

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.comparison.against_control import compare, compare_each_eps
from bench.comparison.findings.claims import Claim, Finding, Kind
from bench.comparison.findings.internship import NETWORKS
from bench.comparison.findings.score import ClaimStatus, Verdict, score
from bench.comparison.group import ComparisonGroup
from bench.comparison.masked_networks import is_masked, masked_count, masking_evidence
from bench.comparison.monotonicity import rising_accuracy
from bench.comparison.two_runs import pair
from bench.comparison.worst_case import worst_case_of
from bench.records.collection import read
from bench.records.outcomes import SMALL, Quantity
from bench.spec.run import Run

DENSE, HALF, MOST = SPARSE.runs


@pytest.fixture
def group(tmp_path: Path) -> ComparisonGroup:
    """Return three networks, of which the sparsest is at chance: 10 % of ten classes, and more under attack."""
    draw = np.random.default_rng(0)
    for run, clean in zip(SPARSE.runs, (0.8, 0.5, 0.1), strict=True):
        for seed in range(3):
            folder = trained(tmp_path, Run.of(**{**run.settings, "seed": seed}), clean)
            attacked, order = 0.3 if run == MOST else clean / 4, draw.permutation(IMAGES)
            for attack, level in ((Fgsm(), attacked), (Fgsm(loss="margin"), clean / 5)):
                levels = np.linspace(clean, level, len(EPS))
                fake_outcome(folder, AttackSpec(attack, EPS), order < np.round(IMAGES * levels[:, None]))
    return bound(SPARSE, tmp_path)


@pytest.mark.parametrize("quantity", Quantity)
def test_it_has_no_verdict_in_any_quantity(group: ComparisonGroup, quantity: Quantity) -> None:
    judged = compare(group, quantity)
    assert judged[MOST.name].verdict == "no verdict: this network did not learn"
    assert "did not learn" not in judged[HALF.name].verdict


def test_it_has_no_verdict_at_any_radius(group: ComparisonGroup) -> None:
    at_each = {verdict.verdict for (name, _), verdict in compare_each_eps(group).items() if name == MOST.name}
    assert at_each == {"no verdict: this network did not learn"}


def test_its_gradient_is_not_called_masked_nor_its_accuracy_rising(group: ComparisonGroup) -> None:
    assert is_masked(group.attacked(HALF)) is False
    assert is_masked(group.attacked(MOST)) is None
    assert masked_count([group]) == "0 of 6; 3 did not learn"
    assert "in none of 6 tested trainings" in masking_evidence(group)
    assert rising_accuracy(group) == ()


def test_the_worst_case_and_two_runs_say_the_same(group: ComparisonGroup, tmp_path: Path) -> None:
    worst = worst_case_of(group)
    assert worst
    assert worst.verdicts[MOST.name].startswith("no verdict: this network did not learn")
    assert not worst.verdicts[HALF.name].startswith("no verdict")
    text = pair(read(tmp_path), HALF.name, MOST.name)
    assert text.count(f"no verdict: {MOST.name} did not learn") == 2 * (len(EPS) - 1)


def test_how_little_it_varies_makes_no_other_network_surer(group: ComparisonGroup) -> None:
    live = replace(group, runs=(DENSE, HALF))
    for quantity in Quantity:
        assert compare(group, quantity)[HALF.name].effect == compare(live, quantity)[HALF.name].effect
    both = [worst.verdicts[HALF.name] for each in (group, live) if (worst := worst_case_of(each))]
    assert len({said.partition("difference")[2].partition(")")[0] for said in both}) == 1
    assert len(both) == 2


def test_a_claim_about_it_is_not_judged_and_the_others_are(
    group: ComparisonGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NETWORKS, group.name, (DENSE.arch, DENSE.batch_size))
    claims = tuple(
        Claim(
            "less", group.name, {group.label(run): 1.0, group.label(DENSE): -1.0}, Quantity.ACCURACY, SMALL, Kind.LESS
        )
        for run in (HALF, MOST)
    )
    finding = Finding("1", "FC5", "less", "accuracy", "less", claims)
    (both,) = score([group], [finding])
    assert [each.claim for each in both.examined] == [claims[0]]
    assert both.not_judged == (claims[1],)
    assert both.examined[0].status is ClaimStatus.SHOWN
    assert both.verdict is Verdict.INCONCLUSIVE
    assert both.undecided == "the one examined claim is shown; 1 claim is not judged, because a network did not learn"
    assert both.undecided in both.sentence
    (shown,) = score([group], [replace(finding, counterexample=True)])
    assert shown.verdict is Verdict.REPRODUCED
    assert "1 claim is not judged" in shown.sentence
    refuted = replace(finding, claims=tuple(replace(each, kind=Kind.MORE) for each in claims))
    assert [each.verdict for each in score([group], [refuted])] == [Verdict.CONTRADICTED]
    assert [each.verdict for each in score([group], [replace(refuted, counterexample=True)])] == [Verdict.INCONCLUSIVE]
    (alone,) = score([group], [replace(finding, claims=claims[1:])])
    assert alone.verdict is Verdict.INCONCLUSIVE
    assert "did not learn" in alone.sentence
