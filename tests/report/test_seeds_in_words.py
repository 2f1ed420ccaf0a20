"""What a report says of the seeds that its numbers are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from recorded import SPARSE, bound, record

from bench.records.networks import seeds_text
from bench.report.wording import seeds_in_words
from bench.spec.run import Run


def test_a_caption_says_which_seeds_its_numbers_are_of(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:2], [0, 0], seeds=1)
    one = "One seed (0). Bars: 95 % interval over images alone, which does not cover other seeds."
    assert seeds_in_words(bound(SPARSE, tmp_path), "Bars") == one
    record(tmp_path, SPARSE.runs[2:], [0], seeds=3)
    assert seeds_in_words(bound(SPARSE, tmp_path)) == "Mean over seeds (dense: 0; 50 % zero: 0; 90 % zero: 0, 1, 2)."
    others = [Run.of(**{**SPARSE.runs[0].settings, "epochs": epochs}) for epochs in range(20, 26)]
    record(tmp_path, others, [0] * 6, seeds=2)
    many = replace(SPARSE, runs=(*SPARSE.runs, *others))
    assert seeds_in_words(bound(many, tmp_path)) == "Mean over seeds (1 to 3 for each network)."


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        ([], ""),
        ([3], "3"),
        ([0, 1, 2, 3, 4], "0, 1, 2, 3, 4"),
        ([0, 1, 2, 3, 4, 5], "0 to 5"),
        ([0, 2, *range(7, 117), 200], "0, 2, 7 to 116, 200"),
    ],
)
def test_many_seeds_in_a_row_are_a_range(seeds: list[int], text: str) -> None:
    assert seeds_text(seeds) == text
