"""The error rates of the verdict: from cases made by hand, and from those that are committed."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evidence import evidence
from tiny import tiny_run

from bench.audit.evidence import Evidence
from bench.audit.rates import REPLAY, Case, Rate, Shipped, accused, as_json, missed, read_cases

COMMITTED = Path(__file__).parents[2] / "results" / "calibration"
CONTROL = evidence()


def case(found: Evidence, fake: str = "", *, same_class: bool = True, **settings: object) -> Case:
    return Case(tiny_run(**settings), fake, same_class, found, CONTROL, CONTROL)


@pytest.mark.parametrize(
    ("errors", "cases", "upper"),
    [(0, 60, 0.0487), (0, 12, 0.2209), (1, 60, 0.0766), (3, 3, 1.0), (0, 0, 1.0)],
)
def test_the_upper_bound_is_that_of_clopper_and_pearson(errors: int, cases: int, upper: float) -> None:
    assert Rate(errors, cases, cases).upper == pytest.approx(upper, abs=1e-3)


def test_a_fake_that_deceives_and_is_not_called_masked_is_missed() -> None:
    seen = case(evidence(naive=(0.8, 0.7)), "logits times 1000")
    unseen = case(evidence(naive=(0.58, 0.2)), "logits times 10")
    harmless = case(evidence(naive=(0.5, 0.21)), "logits times 3")
    assert [each.deceives for each in (seen, unseen, harmless)] == [True, True, False]
    rate = missed([seen, unseen, harmless])
    assert (rate.errors, rate.cases) == (1, 2)
    assert (rate.networks_wrong, rate.networks) == (1, 1)
    assert rate.upper_by_network == 1.0


def test_an_undefended_network_may_neither_be_masked_nor_resist_and_a_fake_does_not_count() -> None:
    honest, lucky = case(evidence()), case(evidence(naive=(0.75, 0.55), left=(0.7, 0.5)))
    wronged = case(evidence(probes={"slope": 0.0}))
    hot = case(evidence(probes={"zero": 1.0}), temperature=50.0)
    rate = accused([honest, lucky, wronged, hot, case(evidence(naive=(0.8, 0.7)), "a fake")])
    assert (rate.errors, rate.cases) == (2, 3)


@pytest.mark.parametrize("settings", [{"temperature": 50.0}, {"adversarial_eps": 8.0, "adversarial_start": "image"}])
def test_a_network_that_hides_its_gradient_by_its_training_counts_as_planted_where_it_deceives(settings: Any) -> None:
    deceiving, harmless = (
        case(evidence(naive=naive, probes={"zero": 1.0}), **settings) for naive in ((0.8, 0.7), (0.5, 0.2))
    )
    assert [each.deceives for each in (deceiving, harmless)] == [True, False]
    assert accused([deceiving, harmless]).cases == 0
    assert missed([deceiving, harmless]).cases == 1


def test_the_truth_of_a_fake_that_changes_the_image_comes_from_replayed_images() -> None:
    blind = evidence(naive=(0.8, 0.8), left=(0.8, 0.8))
    kept = np.ones(200, np.float32)
    kept[50:] = 0
    probes = {**blind.probes, f"{REPLAY}2": np.ones(200, np.float32), f"{REPLAY}4": kept}
    found = case(Evidence(**{**vars(blind), "probes": probes}), "quantised image", same_class=False)
    assert found.truth.mean(axis=1).tolist() == [0.8, 0.25]
    assert found.recovered == pytest.approx(0.55)


def test_the_rates_that_are_shipped_are_those_of_the_committed_cases() -> None:
    shipped = json.loads((files("bench.audit") / "rates.json").read_text(encoding="utf-8"))
    assert json.loads(as_json(read_cases(COMMITTED))) == shipped
    for kind in ("missed", "accused"):
        assert sum(rates[kind]["cases"] for rates in shipped["by_arch"].values()) == shipped[kind]["cases"] > 0


def test_no_rate_is_claimed_without_cases() -> None:
    assert "not known" in Shipped(Rate(0, 0, 0), Rate(0, 60, 60), {}).sentence
    each = (Rate(1, 36, 4), Rate(0, 30, 30))
    found = Shipped(Rate(1, 72, 9), Rate(0, 60, 60), {"fc5": each, "resnet18": each}).sentence
    assert "(fc5, resnet18)" in found
    assert "1 of 72 masked networks missed (below 6.4 %, one-sided 95 %)" in found
    assert "0 of 60 honest networks accused (below 4.9 %)" in found
