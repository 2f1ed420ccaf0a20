"""The batteries on targets whose answer is known in closed form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from counting import Counting, audit
from evidence import evidence
from targets import Linear, trained

from bench.attacks import attack_named
from bench.audit.battery import FULL, SCREEN
from bench.audit.checks import CHECKS, About, checked
from bench.audit.collect import audited_images, collect
from bench.audit.evidence import FOOLED, NOT_TRIED, Access, Evidence
from bench.audit.verdict import Kind, judge
from bench.datasets.base import Dataset, Split


def margins(target: Linear, images: Split) -> Any:
    """Return for each image the smallest eps that fools a linear network inside the box of pixels; negative where wrong."""
    logits = target.logits(images.images.astype(np.float32)).astype(np.float64)
    radii = []
    for row, label in enumerate(images.labels):
        gaps = [
            (logits[row, label] - logits[row, other])
            / np.abs(target.weights[:, label] - target.weights[:, other]).sum()
            for other in range(4)
            if other != label
        ]
        radii.append(min(gaps))
    return np.array(radii)


@pytest.fixture(scope="module")
def middle(tiny: Dataset) -> Split:
    """Images in the middle of the range, where no small change is clipped."""
    grey = (64 + tiny.val.images.astype(np.int64) // 2).astype(np.uint8)
    return Split(grey, tiny.val.labels, tiny.val.names)


@pytest.fixture(scope="module")
def target(middle: Split) -> Linear:
    return trained(middle)


@pytest.fixture(scope="module")
def honest(target: Linear, middle: Split) -> Evidence:
    return audit(Counting(target), middle, (0.5, 1.0))


# In 8 bits a battery has the stages of the other: one of the two shows it.
@pytest.mark.parametrize("battery", [SCREEN, FULL, SCREEN.deployed], ids=lambda battery: battery.name)
def test_on_a_linear_network_exactly_the_images_within_their_margin_are_left(
    battery: Any, target: Linear, middle: Split
) -> None:
    radii = margins(target, middle)
    eps = tuple(float(np.quantile(radii[radii > 0], part)) for part in (0.3, 0.6))
    found = audit(Counting(target), middle, eps, battery)
    for radius, left in zip(eps, found.worst_case, strict=True):
        clear = np.abs(radii - radius) > 1e-3 * radius
        np.testing.assert_array_equal(left[clear], radii[clear] > radius)
    # On a linear network one step on the margin is the best attack, and one on the cross-entropy is not.
    checks = [each for each in checked(found, found).values() if CHECKS[each.check].about is not About.NAIVE_GRADIENT]
    assert [each.check for each in checks if each.flagged] == []


def test_the_screen_takes_at_most_73_gradients_an_image_and_radius(target: Linear, middle: Split) -> None:
    found = audit(Counting(target), middle, (1e-3, 2e-3))  # every image that is right survives
    right = int(found.clean.sum())
    assert found.worst_case.sum() == 2 * right
    assert sum(each.gradients for each in found.stages) <= 73 * 2 * right


@pytest.mark.parametrize(
    "text",
    [
        "fgsm",
        "pgd(steps=5, restarts=3)",
        "apgd(steps=6, restarts=2)",
        "apgd(steps=4, targets=2)",
        'apgd(gradient="averaged", steps=3)',
        "fmn(steps=7)",
        "square(queries=9)",
        "noise(draws=8)",
    ],
)
def test_an_attack_says_how_many_passes_an_image_that_survives_it_takes(
    text: str, target: Linear, middle: Split
) -> None:
    network, attack = Counting(target), attack_named(text)
    right = np.flatnonzero(target.logits(middle.images.astype(np.float32)).argmax(axis=1) == middle.labels)[:10]
    images = middle.part(right)
    list(attack(network, images.images.astype(np.float32), images.labels, (1e-3,), 0))
    gradients, queries = attack.passes
    assert network.gradients == gradients * len(images)
    assert (queries > 1) <= (network.queries >= queries * len(images))


def test_cost_follows_what_survives(target: Linear, middle: Split) -> None:
    hard, easy = Counting(target), Counting(target)
    audit(hard, middle, (1e-3, 2e-3))
    audit(easy, middle, (50.0, 100.0))
    assert easy.gradients < hard.gradients / 4


def test_stages_work_on_what_is_left_and_one_step_on_everything(target: Linear, middle: Split) -> None:
    found = audit(Counting(target), middle, (0.5, 2.0))
    gone = np.zeros_like(found.worst_case)
    for stage in found.stages:
        assert not (stage.tried & ~found.clean).any()
        if stage.access is Access.ONE_STEP:
            np.testing.assert_array_equal(stage.tried, np.broadcast_to(found.clean, stage.tried.shape))
        else:
            assert not (stage.tried & gone).any()
            gone |= np.logical_or.accumulate(stage.fooled, axis=0)


def test_the_evidence_of_one_seed_is_the_same_to_the_bit(honest: Evidence, target: Linear, middle: Split) -> None:
    first, second = (found.arrays() for found in (honest, audit(Counting(target), middle, honest.eps)))
    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }


WRONG: dict[str, Any] = {
    "zero": np.zeros_like,
    "reversed": np.negative,
    "of few values": lambda gradient: gradient * (np.arange(gradient[0].size).reshape(gradient[0].shape) % 30 == 0),
    "shuffled": lambda gradient: gradient[:, ::-1, ::-1, ::-1],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_network_with_a_wrong_gradient_is_masked(wrong: str, honest: Evidence, target: Linear, middle: Split) -> None:
    assert judge(audit(Counting(target, WRONG[wrong]), middle, honest.eps), honest).kind is Kind.MASKED


@pytest.mark.parametrize("wrong", [None, *WRONG])
def test_the_full_battery_goes_round_a_gradient_that_is_flagged(
    wrong: str | None, target: Linear, middle: Split
) -> None:
    network = Counting(target, WRONG[wrong] if wrong else None, source=Counting(target))
    blind = replace(FULL, stages=tuple(each for each in FULL.stages if each.access is Access.ONE_STEP), longer=False)
    radii = margins(target, middle)
    eps = (float(np.quantile(radii[radii > 0], 0.5)),)
    found = collect(blind, network, middle, np.arange(len(middle)), eps, 4, 0, lambda *_: None)
    stage = found.stage("gradient of the control")
    asked = any(CHECKS[each.check].about is not About.ACCURACY for each in checked(found).values() if each.flagged)
    assert (stage is not None) == asked
    assert asked or not wrong
    if stage is not None:
        clear = np.abs(radii - eps[0]) > 1e-3 * eps[0]
        np.testing.assert_array_equal(found.worst_case[0][clear], radii[clear] > eps[0])


def test_a_stage_of_few_images_takes_those_that_are_left_at_the_most_radii(target: Linear, middle: Split) -> None:
    found = audit(Counting(target), middle, (0.3, 0.6))
    square = found.stage("square")
    assert square is not None
    tried = square.tried.sum(axis=0)
    left = found.correct(Access.WHITE_BOX).sum(axis=0)
    assert (tried > 0).sum() == min(32, (left > 0).sum())
    assert tried[tried > 0].min() >= np.sort(left)[::-1][: (tried > 0).sum()].min()


def test_the_images_are_the_same_for_every_run_and_a_smaller_battery_takes_some_of_them() -> None:
    few, many = audited_images(SCREEN, 3925), audited_images(FULL, 3925)
    assert (len(few), len(many)) == (256, 785)
    assert set(few) < set(many)
    assert (np.diff(few) > 0).all()
    assert len(audited_images(SCREEN, 40)) == 40


def test_what_fools_within_a_radius_fools_within_every_larger_one() -> None:
    found = evidence()
    stage = found.stages[-1]
    outcome = np.full_like(stage.outcome, NOT_TRIED)
    outcome[0, 3] = FOOLED
    alone = replace(found, stages=(replace(stage, outcome=outcome),))
    assert not alone.worst_case[:, 3].any()
