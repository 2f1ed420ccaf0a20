"""Masked gradients are tested at every seed, and up to the largest radius of a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import fake_outcome
from numpy.typing import NDArray
from recorded import EPS, HIGH_TEMPERATURE, SPARSE, bound, record

from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.comparison.against_control import compare
from bench.comparison.masked_networks import is_masked, masked_count, masking_evidence
from bench.records.collection import read
from bench.records.store import Folder

MARGIN = Fgsm(loss="margin")


def on_margin(
    results: Path, seeds: int, eps: tuple[float, ...], taken: Callable[[NDArray[np.bool_]], NDArray[np.bool_]]
) -> None:
    """Record the margin step on the first ``seeds`` of the sparse networks, as what ``taken`` leaves of one FGSM step."""
    records = read(results)
    for network in [records.of(run)[seed] for run in SPARSE.runs for seed in range(seeds)]:
        step = network.attacks["fgsm"].outcomes
        right = step.right[[step.eps.index(radius) for radius in eps]]
        fake_outcome(Folder(results, network.run), AttackSpec(MARGIN, eps), taken(right))


def seen(results: Path) -> set[bool | None]:
    group = bound(SPARSE, results)
    return {is_masked(group.attacked(run)) for run in group.runs}


@pytest.mark.parametrize(
    ("seeds", "eps", "expected"),
    [(3, EPS, False), (1, EPS, None), (3, (0.0, 1.0), None), (3, (0.0, 1.0, 8.0), False)],
)
def test_no_masking_is_said_where_every_seed_was_tested_at_the_largest_radius_of_a_verdict(
    tmp_path: Path, seeds: int, eps: tuple[float, ...], expected: bool | None
) -> None:
    record(tmp_path, SPARSE.runs, (0, 0.1, -0.1))
    assert seen(tmp_path) == {None}
    on_margin(tmp_path, seeds, eps, lambda right: right)
    assert seen(tmp_path) == {expected}
    tested = 3 * seeds if 8.0 in eps else 0
    rest = f"; {9 - tested} not tested" if tested < 9 else ""
    assert masked_count([bound(SPARSE, tmp_path)]) == (f"0 of {tested}{rest}" if tested else "not tested")


def test_count_and_evidence_are_of_the_same_networks_and_no_zero_gradient_is_said_in_words(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, (0, 0.1, -0.1), zero=0.0)
    on_margin(tmp_path, 3, EPS, lambda right: right)
    group = bound(SPARSE, tmp_path)
    assert masked_count([group]) == "0 of 9"
    assert "in none of 9 tested trainings" in masking_evidence(group)
    assert "exactly zero on none of the images" in masking_evidence(group)


def test_one_masked_seed_is_enough_for_the_word_and_radii_short_of_it_too(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, (0, 0, 0))
    on_margin(tmp_path, 1, (0.0, 1.0), lambda right: right & (np.arange(len(right[0])) % 2 == 0))
    assert seen(tmp_path) == {True}


def test_an_attack_on_the_margin_needs_no_test_of_masking(tmp_path: Path) -> None:
    group = replace(SPARSE, attack=MARGIN)
    record(tmp_path, group.runs, (0, 0.1, -0.1), attack=MARGIN)
    judged = compare(bound(group, tmp_path))
    assert [judged[run.name].verdict for run in group.compared] == [
        "more robust to this attack",
        "less robust to this attack",
    ]


def test_a_network_at_temperature_1_is_found_under_the_attack_of_who_takes_t_to_be_1(tmp_path: Path) -> None:
    unknown = Fgsm(knowledge="none")
    record(tmp_path, HIGH_TEMPERATURE.runs, (0, 0.1), attack=unknown)
    group = bound(replace(HIGH_TEMPERATURE, attack=unknown, attacks=(unknown,)), tmp_path)
    assert [len(group.attacked(run)) for run in group.runs] == [3, 3]
    assert not group.missing
