"""The scorecard: a row a finding, with its verdict, the effect that decided and a sentence to quote."""

from __future__ import annotations

from collections.abc import Sequence

from bench.comparison.verdict import numbers
from bench.report.findings import Scored
from bench.report.table import DASH, Cell, Column, Table

NOTES = (
    "Fewer than three seeds decide nothing on how networks compare: seeds differ, and by how much is "
    "not known. bench sweep GRID --seeds 0,1,2 adds them.",
    "A p against no difference is corrected after Holm over the claims of its finding. One against a difference beyond the "
    "margin is not, for all claims must hold, but in 8 to 11, where one is enough. An interval is not. Tests are paired: the "
    "same images, and the seed as the unit above the image; what differs between seeds is pooled over the networks of a "
    "figure, as if they varied alike.",
)
COLUMNS = (
    Column("figure", "finding", "text"),
    Column("setting", "finding", "text"),
    Column("the report says", "finding", "text"),
    Column("verdict", "verdict", "text"),
    Column("effect", "verdict", "share"),
    Column("in a sentence", "verdict", "text"),
    Column("statistic", "rule", "text"),
    Column("rule", "rule", "text"),
)


def scorecard(scored: Sequence[Scored]) -> Table:
    """Return the scorecard as a table: a row a finding, with the verdict, the deciding effect and its 95 % interval."""
    rows = tuple(
        (
            Cell(each.finding.figure),
            Cell(each.finding.setting),
            Cell(each.finding.sentence),
            Cell(each.verdict),
            _effect(each),
            Cell(each.sentence),
            Cell(each.finding.statistic),
            Cell(each.finding.rule),
        )
        for each in scored
    )
    missing = tuple(dict.fromkeys(command for each in scored for command in each.missing))
    caption = (
        "Each finding of the internship report, put to the records by its rule. Robustness here is accuracy under attack; "
        "the drop and the clean accuracy are named where they are meant."
    )
    return Table("findings", "The report's findings", caption, NOTES, COLUMNS, rows, missing)


def _effect(scored: Scored) -> Cell:
    found = scored.deciding
    if found is None:
        return Cell(DASH, command=scored.missing[0] if scored.missing else "")
    low, high = found.effect.interval()
    return Cell(numbers(found.effect), found.effect.difference, low=low, high=high)
