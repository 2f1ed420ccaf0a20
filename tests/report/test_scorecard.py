"""The scorecard and the figure table repeat what the comparison found, and add nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from recorded import SPARSE, bound, record

from bench.attacks.fgsm import Fgsm
from bench.attacks.norms import LINF
from bench.comparison.findings.internship import FINDINGS
from bench.comparison.findings.score import ScoredFinding, score
from bench.comparison.group import comparison_groups
from bench.comparison.verdict import DASH
from bench.records.collection import Collection, read
from bench.report.tables.figure_table import figure_table
from bench.report.tables.scorecard import scorecard
from bench.runs.grid import load

INTERNSHIP = load("internship")
TEN_B = next(group for group in comparison_groups(INTERNSHIP, Collection({})) if group.name == "10b")


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> list[ScoredFinding]:
    """Return every finding, with records of figure 10-b alone, two of its networks attacked on the margin."""
    results = tmp_path_factory.mktemp("results")
    record(results, TEN_B.runs, [0, 0.1, -0.1, -0.1, -0.1, -0.1], eps=LINF.eps, seeds=2, images=100)
    margin = Fgsm(loss="margin")
    record(results, TEN_B.runs[:2], [-0.3, 0.4], eps=LINF.eps, seeds=2, images=100, attack=margin)
    return score(comparison_groups(INTERNSHIP, read(results)))


def test_each_row_has_the_verdict_the_effect_and_the_sentence_of_its_finding(scored: list[ScoredFinding]) -> None:
    table = scorecard(scored)
    assert len(table.rows) == len(FINDINGS)
    for column, expected in (
        ("verdict", [str(each.verdict) for each in scored]),
        ("in a sentence", [each.sentence for each in scored]),
        ("gradient masked", [each.masked for each in scored]),
        ("outcome", [each.deciding.status if each.deciding else DASH for each in scored]),
        ("claim tested", [each.deciding.claim.text if each.deciding else DASH for each in scored]),
    ):
        assert [cell.text for cell in table.column(column)] == expected
    for cell, each in zip(table.column("effect"), scored, strict=True):
        assert cell.number == (each.deciding.effect.difference if each.deciding else None)


def test_what_is_missing_is_listed_once(scored: list[ScoredFinding]) -> None:
    assert scorecard(scored).missing == tuple(dict.fromkeys(command for each in scored for command in each.missing))


def test_a_finding_names_its_pictures_and_the_table_what_differs_from_the_internship(
    scored: list[ScoredFinding],
) -> None:
    (found,) = (each for each in scored if each.finding.figure == "10-b")
    table = scorecard([found], INTERNSHIP)
    assert [cell.text for cell in table.column("shown in")] == ["10b-b"]
    assert [cell.text for cell in table.column("gradient masked")] == ["2 of 4; 8 not tested"]
    assert "64 px, 10 epochs" in table.notes[-1]
    assert "--temperature-loss plain" in table.notes[-1]


def test_masking_is_not_asked_of_an_attack_on_the_margin(tmp_path: Path) -> None:
    margin = Fgsm(loss="margin")
    record(tmp_path, SPARSE.runs, (0, 0.1, -0.1), attack=margin)
    table = figure_table(bound(replace(SPARSE, attack=margin), tmp_path))
    assert {cell.text for cell in table.column("gradient masked")} == {"the attack is on the margin"}
