"""The scorecard: a row a finding, with its verdict, the effect that decided and a sentence to quote."""

from __future__ import annotations

from collections.abc import Sequence

from bench.comparison.findings.claims import Finding
from bench.comparison.findings.score import ScoredFinding
from bench.comparison.verdict import DASH, numbers
from bench.records.outcomes import Quantity
from bench.report.panels import Panel
from bench.report.tables.table import Cell, Column, Table
from bench.runs.grid import Grid

NOTES = (
    "Fewer than three seeds decide nothing on how networks compare: seeds differ, and by how much is "
    "not known. bench sweep GRID --seeds 0,1,2 adds them.",
    "What refutes a claim, and what shows one of a direction, is corrected after Holm over the claims of its finding. What "
    "shows a difference to be within the margin is not, for all claims must hold, but in 8 to 11, where one is enough. An "
    "interval is not. Tests are paired: the same images, and the seed as the unit above the image; what differs between "
    "seeds is pooled over the networks of a figure, as if they varied alike.",
)
COLUMNS = (
    Column("figure", "finding", "text"),
    Column("setting", "finding", "text"),
    Column("the internship says", "finding", "text"),
    Column("verdict", "verdict", "text"),
    Column("effect", "verdict", "share"),
    Column("gradient masked", "verdict", "text"),
    Column("in a sentence", "verdict", "text"),
    Column("shown in", "verdict", "text"),
    Column("statistic", "rule", "text"),
    Column("rule", "rule", "text"),
)


def scorecard(scored: Sequence[ScoredFinding], grid: Grid | None = None) -> Table:
    """Return the scorecard as a table: a row a finding, with the verdict, the deciding effect and its 95 % interval.

    With ``grid`` its notes say in what its trainings and attacks depart from the internship's.
    """
    rows = tuple(
        (
            Cell(each.finding.figure),
            Cell(each.finding.setting),
            Cell(each.finding.sentence),
            Cell(each.verdict),
            _effect(each),
            Cell(each.masked),
            Cell(each.sentence),
            Cell(", ".join(pictures(each.finding))),
            Cell(each.finding.statistic),
            Cell(each.finding.rule),
        )
        for each in scored
    )
    missing = tuple(dict.fromkeys(command for each in scored for command in each.missing))
    caption = (
        "Each finding of the internship, put to the records by its rule, on what its figure shows: accuracy under attack, or "
        "the drop, by which the internship judges where its figure is one of the drop. Masked: in how many networks of the "
        "figure that were tested one step on the logit margin does what the attack could not."
    )
    notes = (*NOTES, departures(grid)) if grid and any(each.examined for each in scored) else NOTES
    return Table("findings", "The internship's findings", caption, notes, COLUMNS, rows, missing)


def pictures(finding: Finding) -> list[str]:
    """Return the names of the panels that show what the claims of ``finding`` are about."""
    panels = {Quantity.ACCURACY: Panel.A, Quantity.DROP: Panel.B}
    return list(dict.fromkeys(panels[claim.quantity].of(claim.group) for claim in finding.claims))


def departures(grid: Grid) -> str:
    """Return in what the runs of ``grid`` are not the internship's."""
    cells, _ = grid.cells(grid.chosen((), ()), grid.seeds[:1])
    runs = [cell.run for cell in cells]
    sizes, epochs = (
        " or ".join(map(str, sorted({getattr(run, name) for run in runs}))) for name in ("image_size", "epochs")
    )
    scaled = any(run.temperature != 1 and run.temperature_loss == "scaled" for run in runs)
    loss = "the loss of a hot network is multiplied by T, which the internship's is not (--temperature-loss plain); "
    images = "all validation images" if grid.fraction == 1 else f"{100 * grid.fraction:g} % of the validation images"
    return (
        f"Departures from the internship: {sizes} px, {epochs} epochs, a recipe of this suite's own; {loss * scaled}attacked "
        f"on {images}, not on 785 drawn anew for each attack; how networks differ is tested and not read off curves."
    )


def _effect(scored: ScoredFinding) -> Cell:
    found = scored.deciding
    if found is None:
        return Cell(DASH, command=scored.missing[0] if scored.missing else "")
    low, high = found.effect.interval()
    text = f"{found.claim.quantity} {numbers(found.effect)}: {found.claim.text}, {found.status}"
    return Cell(text, found.effect.difference, low=low, high=high)
