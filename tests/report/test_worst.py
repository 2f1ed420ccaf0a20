"""The worst of all attacks, image by image: on shared images and radii alone, and never more than any attack leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import IMAGES, fake, fake_outcome, trained
from numpy.typing import NDArray
from tiny import tiny_run

from bench.attacks import attack_named
from bench.report.records import Records, read
from bench.report.table import DASH
from bench.report.worst import worst_case, worst_table
from bench.trial import Trial

RUN = tiny_run()
ATTACKS = ("fgsm", "fgsm(loss=margin)", "pgd")


def planted(results: Path, seed: int = 0, fraction: float = 1.0) -> tuple[Records, dict[str, NDArray[np.bool_]]]:
    """Record three attacks whose outcomes are drawn, and return the records with what is right under each."""
    rng = np.random.default_rng(seed)
    folder = trained(results, RUN, 1.0)
    rights = {}
    for text in ATTACKS:
        share = fraction if text == "pgd" else 1.0
        rights[text] = rng.random((3, round(share * IMAGES))) < 0.6
        rights[text][0] = True
        fake_outcome(folder, Trial(attack_named(text), (0.0, 1.0, 2.0), share), rights[text])
    return read(results), rights


def test_an_image_is_right_where_no_attack_flips_it(tmp_path: Path) -> None:
    records, rights = planted(tmp_path)
    attacks = records.of(RUN)[0].attacks
    worst = worst_case(attacks)
    assert np.array_equal(worst.right, np.logical_and.reduce(list(rights.values())))
    for each in attacks.values():
        assert (worst.right <= each.outcomes.right).all()
    flipped = ~worst.right
    given = [each.outcomes.predictions[flipped] for each in attacks.values()]
    assert np.logical_or.reduce([worst.predictions[flipped] == each for each in given]).all()


def test_only_images_and_radii_that_all_attacks_have_count(tmp_path: Path) -> None:
    records, rights = planted(tmp_path, fraction=0.25)
    attacks = records.of(RUN)[0].attacks
    few = attacks["pgd"].outcomes.indices
    worst = worst_case(attacks)
    assert np.array_equal(worst.indices, few)
    expected = rights["pgd"] & rights["fgsm"][:, few] & rights["fgsm(loss=margin)"][:, few]
    assert np.array_equal(worst.right, expected)
    assert np.array_equal(worst.labels, attacks["pgd"].outcomes.labels)


def test_a_network_that_met_one_attack_alone_has_no_worst_case(tmp_path: Path) -> None:
    fake(tmp_path, RUN)
    assert worst_table(read(tmp_path)) is None


def test_the_table_sets_one_step_beside_the_worst(tmp_path: Path) -> None:
    records, rights = planted(tmp_path)
    table = worst_table(records)
    assert table
    ((*head, _, _, step, worst, at_4, _, _, _),) = table.rows
    assert at_4.text == DASH
    assert [cell.text for cell in head] == [RUN.name, "0", ", ".join(ATTACKS), f"{IMAGES}"]
    both = rights["fgsm"], np.logical_and.reduce(list(rights.values()))
    assert [step.number, worst.number] == pytest.approx([float(right[2].mean()) for right in both])
