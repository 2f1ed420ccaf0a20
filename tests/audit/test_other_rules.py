"""The rules of other tools: each of their reasons, and none, on evidence made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evidence import evidence
from tiny import tiny_run

from bench.audit.evidence import Access, Evidence
from bench.audit.other_rules import autoattack, indicators, security_curve
from bench.audit.rates import PROBABILITIES, SECURITY_CURVE, Case, accused, missed

CALIBRATED = {PROBABILITIES: 0.0, SECURITY_CURVE: 0.0}


def case(fake: str = "", **settings: Any) -> Case:
    probes = CALIBRATED | settings.pop("probes", {})
    found: Evidence = evidence(probes=probes, **settings)
    return Case(tiny_run(), fake, True, found, evidence(), evidence())


def some(count: int) -> np.ndarray:
    return (np.arange(200) < count).astype(np.float32)


@pytest.mark.parametrize(
    ("settings", "flagged"),
    [
        ({}, (False, False, False)),
        ({"probes": {"zero": some(1)}}, (True, False, False)),
        ({"probes": {"zero": some(21)}}, (True, True, False)),
        ({"probes": {"zero": 0.99}}, (False, False, False)),
        ({"probes": {"repeat": 2e-4}}, (True, True, False)),
        ({"probes": {PROBABILITIES: 1.0}}, (True, False, False)),
        ({"probes": {PROBABILITIES: some(199)}}, (False, False, False)),
        ({"probes": {SECURITY_CURVE: some(20)}}, (False, False, False)),
        ({"probes": {SECURITY_CURVE: some(21)}}, (False, True, True)),
    ],
)
def test_each_probe_raises_the_flags_of_the_tools_that_read_it(settings: Any, flagged: tuple[bool, ...]) -> None:
    assert tuple(rule(case(**settings)) for rule in (autoattack, indicators, security_curve)) == flagged


def named(fooled: int, access: Access, name: str) -> Case:
    """Return a case in which the stage ``name`` fools ``fooled`` images that white-box attacks left."""
    found = case(missed={access: fooled})
    stages = [
        each if each.access is not access else type(each)(**{**vars(each), "stage": name})
        for each in found.evidence.stages
    ]
    return Case(found.run, "", True, Evidence(**{**fields(found.evidence), "stages": tuple(stages)}), found.plain, None)


def fields(found: Evidence) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Evidence.__dataclass_fields__}


@pytest.mark.parametrize(("fooled", "flagged"), [(0, False), (1, True)])
def test_square_flags_where_it_takes_more_than_a_fifth_of_a_point(fooled: int, flagged: bool) -> None:
    found = named(fooled, Access.BLACK_BOX, "square")
    assert autoattack(found) is flagged
    assert not indicators(found)


@pytest.mark.parametrize(("fooled", "flagged"), [(20, False), (21, True)])
def test_transfer_is_an_indicator_above_a_tenth_of_the_images(fooled: int, flagged: bool) -> None:
    found = named(fooled, Access.TRANSFER, "transfer")
    assert indicators(found) is flagged
    assert not autoattack(found)


def test_a_rule_of_another_tool_is_scored_on_the_same_cases() -> None:
    hidden = Case(
        tiny_run(), "a fake", True, evidence(naive=(0.8, 0.7), probes={**CALIBRATED, "zero": 1.0}), evidence(), None
    )
    silent = Case(tiny_run(), "a fake", True, evidence(naive=(0.8, 0.7), probes=CALIBRATED), evidence(), None)
    assert (missed([hidden, silent], autoattack).errors, missed([hidden, silent], autoattack).cases) == (1, 2)
    assert accused([case(), case(probes={"zero": 1.0})], autoattack).errors == 1
