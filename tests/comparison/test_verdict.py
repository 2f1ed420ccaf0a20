"""The words of a verdict: what is called more or less robust, and what never is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grids import grid, samples
from hypothesis import given
from hypothesis import strategies as st

from bench.comparison.paired import Effect
from bench.comparison.verdict import Judged, judge_family
from bench.records.outcomes import Quantity

EFFECTS = st.builds(
    Effect,
    difference=st.floats(-1, 1),
    se=st.floats(0, 0.5),
    df=st.floats(1, 1000),
    seeds=st.sampled_from([(0,), (0, 1), (0, 1, 2), (0, 1, 2, 3, 4)]),
    images=st.just(785),
)


def verdicts(right: np.ndarray) -> list[str]:
    found = samples(right)
    effects = {str(n): found.against(str(n), "0") for n in range(1, len(right))}
    return [replace(judged, masked=False, control_masked=False).verdict for judged in judge_family(effects).values()]


# Where the networks of a seed share nothing, the test's power is 94.6 %: see PairedSamples.contrast.
@pytest.mark.parametrize(("shared", "called", "alarms"), [(0.5, 95, 5), (0.0, 88, 10)])
def test_a_planted_difference_is_called_and_a_planted_null_is_not(shared: float, called: int, alarms: int) -> None:
    draw = np.random.default_rng(11)
    planted = [verdicts(grid(draw, [0, 0, 0, 0, 0, -0.05], shared=shared))[-1] for _ in range(100)]
    assert sum("less robust" in each for each in planted) >= called
    assert not any("more robust" in each for each in planted)
    null = [verdicts(grid(draw, [0] * 6, shared=shared)) for _ in range(100)]
    assert sum("more robust" in each or "less robust" in each for each in null) <= alarms


@given(EFFECTS)
def test_under_an_attack_that_does_not_count_nothing_is_called_robust(effect: Effect) -> None:
    (judged,) = judge_family({"run": effect}).values()
    known = replace(judged, masked=False, control_masked=False)
    shown = replace(known, counts=False)
    assert "more robust" not in shown.sentence
    assert "less robust" not in shown.sentence
    if "robust to this attack" not in known.verdict:
        assert shown.verdict == known.verdict


@given(st.dictionaries(st.text(min_size=1), EFFECTS, min_size=1, max_size=6), st.sampled_from(Quantity))
def test_the_word_robust_needs_three_seeds_and_the_corrected_test(
    effects: dict[str, Effect], quantity: Quantity
) -> None:
    for judged in judge_family(effects, quantity).values():
        sentence, effect = judged.sentence, judged.effect
        assert sentence.startswith(judged.verdict)
        said = [word for word in ("more robust", "less robust", "drops", "keeps") if word in sentence]
        if said:
            assert len(effect.seeds) >= 3
            assert judged.p < 0.05
            assert ("more" in judged.verdict) == (effect.difference > 0)
            assert ("robust" in judged.verdict) == (quantity is Quantity.ACCURACY)
        if len(effect.seeds) < 3:
            assert "no verdict" in sentence


def test_a_masked_gradient_is_no_robustness() -> None:
    effect = Effect(0.3, 0.01, 50, (0, 1, 2), 785)
    drop = Effect(-0.3, 0.01, 50, (0, 1, 2), 785)
    words = "seems robust, but its gradient is masked"
    assert Judged(effect, 0.001, 1, masked=True).verdict == words
    assert Judged(drop, 0.001, 1, quantity=Quantity.DROP, masked=True).verdict == words
    assert Judged(drop, 0.001, 1, masked=True, control_masked=False).verdict == "less robust to this attack"
    for p, same in ((0.9, 1.0), (0.9, 0.001)):
        assert Judged(effect, p, same, masked=True).verdict == "no verdict: the gradient of this network is masked"


def test_nothing_is_worse_than_a_control_whose_gradient_is_masked() -> None:
    effect = Effect(-0.3, 0.01, 50, (0, 1, 2), 785)
    for p, same in ((0.001, 1.0), (0.9, 0.001)):
        judged = Judged(effect, p, same, masked=False, control_masked=True)
        assert judged.verdict == "no verdict: the gradient of its control is masked"


def test_without_the_margin_step_nothing_is_called_robust() -> None:
    effect = Effect(0.3, 0.01, 50, (0, 1, 2), 785)
    assert Judged(effect, 0.001, 1, masked=False).verdict == "more robust to this attack"
    assert Judged(effect, 0.001, 1).verdict.startswith(
        "more accurate under this attack; whether its gradient is masked"
    )
    assert Judged(effect, 0.001, 1, quantity=Quantity.DROP).verdict == "drops more"


def test_to_call_a_network_less_robust_is_to_call_its_control_more_so() -> None:
    effect = Effect(-0.3, 0.01, 50, (0, 1, 2), 785)
    assert Judged(effect, 0.001, 1, masked=False, control_masked=False).verdict == "less robust to this attack"
    untested = Judged(effect, 0.001, 1, masked=False, attacks="these attacks").verdict
    assert untested == (
        "less accurate under these attacks; whether the gradient of its control is masked was not tested"
    )
    assert Judged(effect, 0.001, 1, quantity=Quantity.DROP).verdict == "drops less"


def test_a_significant_difference_that_is_small_says_both() -> None:
    judged = Judged(Effect(0.01, 0.002, 50, (0, 1, 2), 3925), 0.001, 0.001, masked=False)
    assert judged.sentence == (
        "more robust to this attack, but within 2 points: difference +1.0 points "
        "(95 % interval over seeds and images +0.6 to +1.4; 3 seeds), p = 0.001"
    )


def test_equivalence_quotes_the_p_that_it_rests_on() -> None:
    judged = Judged(Effect(0.001, 0.004, 50, (0, 1, 2), 785), 0.8, 0.004)
    assert judged.sentence.startswith("equivalent within 2 points: difference +0.1 points")
    assert judged.sentence.endswith("p = 0.004 against a difference beyond 2 points")


@pytest.mark.parametrize(
    ("difference", "masked", "control_masked"), [(-0.01, False, True), (0.01, True, False), (0.0, True, False)]
)
def test_a_masked_gradient_leaves_no_word_of_how_near_they_are(
    difference: float, masked: bool, control_masked: bool
) -> None:
    effect = Effect(difference, 0.002, 50, (0, 1, 2), 785)
    judged = Judged(effect, effect.p, 0.001, masked=masked, control_masked=control_masked)
    assert not judged.decides
    assert "2 points" not in judged.sentence


def test_what_is_no_control_is_called_by_its_own_words() -> None:
    effect = Effect(-0.3, 0.01, 50, (0, 1, 2), 785)
    known = Judged(effect, 0.001, 1, masked=False, control="the other")
    for judged in (known, replace(known, control_masked=True), replace(known, control_learned=False)):
        assert "the other" in judged.verdict
        assert "control" not in judged.verdict
