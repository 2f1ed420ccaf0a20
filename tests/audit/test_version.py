"""Golden figures of an audit, on a target in numpy: a number that moves needs a new version of the audit."""

from __future__ import annotations

import numpy as np
import pytest
from counting import Counting, audit
from targets import fixed

from bench.audit.battery import BATTERIES
from bench.audit.collect import audited_images
from bench.audit.version import VERSIONS
from bench.datasets.base import Split

EPS = (1.0, 3.0)
# Images left correct by each stage at both radii, then the mean of each probe.
SCREEN: dict[str, list[float]] = {
    "fgsm(knowledge=none)": [4.0, 2.0],
    "fgsm": [4.0, 2.0],
    "fgsm(loss=margin)": [4.0, 2.0],
    "apgd(loss=margin,steps=20)": [4.0, 2.0],
    "apgd(loss=unit-gap,steps=20,start=random)": [4.0, 2.0],
    "apgd(steps=10,targets=3)": [4.0, 2.0],
    "square(queries=150)": [4.0, 2.0],
    "noise": [4.0, 2.0],
    "zero": [0.0],
    "agreement": [0.9314815],
    "repeat": [0.0],
    "slope": [1.0],
    "explained": [1.0],
    "half range": [0.0],
}
FULL: dict[str, list[float]] = {
    "fgsm(knowledge=none)": [4.0, 2.0],
    "fgsm": [4.0, 2.0],
    "fgsm(loss=margin)": [4.0, 2.0],
    "apgd(loss=margin,restarts=2)": [4.0, 2.0],
    "apgd(loss=unit-gap,restarts=2,start=random)": [4.0, 2.0],
    "apgd(steps=20,targets=9)": [4.0, 2.0],
    "fmn": [4.0, 2.0],
    "square": [4.0, 2.0],
    "noise": [4.0, 2.0],
    "zero": [0.0],
    "agreement": [0.9314815],
    "repeat": [0.0],
    "slope": [1.0],
    "explained": [1.0],
    "half range": [0.0],
    "longer": [1.0],
}
# In 8 bits the slope is taken over a longer step, and one probe is not taken.
INT8: dict[str, list[float]] = {"slope": [0.9993412], "explained": []}
# (battery, version) -> figures
GOLDEN = {
    ("screen", 1): SCREEN,
    ("full", 2): FULL,
    ("screen-int8", 2): SCREEN | INT8,
    ("full-int8", 3): FULL | INT8,
}
# version of the screen -> the places of its first images among 3,925
IMAGES: dict[int, list[int]] = {1: [24, 39, 50, 61, 84, 108, 144, 148]}


def figures(name: str) -> dict[str, list[float]]:
    target, images, labels = fixed()
    found = audit(Counting(target), Split(images, labels, tuple("abcde")), EPS, BATTERIES[name])
    stages = {each.attack: [float(count) for count in (each.outcome == 1).sum(axis=1)] for each in found.stages}
    taken = {probe: values[~np.isnan(values)] for probe, values in found.probes.items()}
    return stages | {probe: [float(values.mean())] if len(values) else [] for probe, values in taken.items()}


@pytest.mark.parametrize("name", BATTERIES)
def test_a_figure_that_changed_has_a_new_version(name: str) -> None:
    found, expected = figures(name), GOLDEN.get((name, VERSIONS[name]))
    advice = (
        f"the evidence of the {name} changed and the version did not. Raise its number in bench/audit/version.py, add {found} to "
        "GOLDEN, and name the change in CHANGELOG.md; or undo it"
    )
    assert expected is not None, advice
    assert list(found) == list(expected), advice
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, rel=1e-3, abs=1e-6), f"{key}: {advice}"


def test_the_images_of_an_audit_have_a_version() -> None:
    found = audited_images(BATTERIES["screen"], 3925)[:8].tolist()
    assert found == IMAGES[VERSIONS["screen"]], (
        "the audited images changed: raise the numbers in bench/audit/version.py"
    )


def test_the_images_of_the_screen_are_among_those_of_the_full_battery() -> None:
    few, many = (audited_images(BATTERIES[name], 3925) for name in ("screen", "full"))
    assert set(few.tolist()) <= set(many.tolist())
