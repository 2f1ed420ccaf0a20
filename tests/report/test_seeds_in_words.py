"""What a report says of the seeds that its numbers are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from recorded import SPARSE, record

from bench.report.figures import seeds_in_words
from bench.report.records import read
from bench.spec import Run


def test_a_caption_says_which_seeds_its_numbers_are_of(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs[:2], [0, 0], seeds=1)
    one = "One seed (0). Bars: 95 % interval over images alone, which says nothing of other seeds."
    assert seeds_in_words(SPARSE, read(tmp_path), "Bars") == one
    record(tmp_path, SPARSE.runs[2:], [0], seeds=3)
    assert seeds_in_words(SPARSE, read(tmp_path)) == "Mean over seeds (dense: 0; 50 % zero: 0; 90 % zero: 0, 1, 2)."
    others = [Run.of(**{**SPARSE.runs[0].settings, "epochs": epochs}) for epochs in range(20, 26)]
    record(tmp_path, others, [0] * 6, seeds=2)
    many = replace(SPARSE, runs=(*SPARSE.runs, *others))
    assert seeds_in_words(many, read(tmp_path)) == "Mean over seeds (1 to 3 of them a network)."
