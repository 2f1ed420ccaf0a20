"""The scorecard: for each finding its verdict, the effect that decided it and a sentence to quote."""

from __future__ import annotations

from collections.abc import Sequence

from bench.comparison.findings.claims import Finding
from bench.comparison.findings.score import ScoredFinding
from bench.comparison.verdict import DASH, numbers
from bench.records.outcomes import Quantity
from bench.report.panels import Panel
from bench.report.tables.table import Cell, Table, columns
from bench.runs.grid import Grid

NOTES = (
    "Fewer than three seeds decide nothing about how networks compare: how much seeds differ is not known. bench sweep GRID "
    "--seeds 0,1,2 adds them.",
    "Tests that refute a claim, and tests that show a direction, have Holm's correction over the claims of the finding. Tests "
    "that show a difference to be within the margin have none, as all claims must hold; they have it in 8 to 11, where one "
    "claim is enough. Intervals have none. Tests are paired: on the same images, with seeds above images. The variance "
    "between seeds is pooled over the networks of a figure, as if all varied alike.",
)
COLUMNS = columns(
    {
        "finding": ("figure", "setting", "the internship says"),
        "verdict": ("verdict", "claim tested", "outcome", "effect", "gradient masked", "in a sentence", "shown in"),
        "rule": ("statistic", "rule"),
    }
)


def scorecard(scored: Sequence[ScoredFinding], grid: Grid | None = None) -> Table:
    """Return the scorecard as a table: for each finding the verdict, the deciding effect and its 95 % interval.

    With ``grid`` the notes say how its trainings and attacks differ from the internship's.
    """
    rows = tuple(
        (
            *map(Cell, (each.finding.figure, each.finding.setting, each.finding.sentence, each.verdict)),
            *_claim(each),
            _effect(each),
            *map(Cell, (each.masked, each.sentence, ", ".join(pictures(each.finding)))),
            *map(Cell, (each.finding.statistic, each.finding.rule)),
        )
        for each in scored
    )
    missing = tuple(dict.fromkeys(command for each in scored for command in each.missing))
    caption = (
        "Each finding of the internship, tested on the records by its rule, in the quantity of its figure: accuracy under "
        "attack or the drop in accuracy. Figure: that of the internship, which names the finding. Claim tested: the one that "
        "decides, or of the open ones the nearest to a decision. Outcome: shown, refuted, or open where the test says neither. "
        "Gradient masked: in how many of the tested trainings of the figure one step on the logit margin is shown to "
        "leave over 5 points less than the attack. This is not the verdict masked of an audit."
    )
    notes = (*NOTES, departures(grid)) if grid and any(each.examined for each in scored) else NOTES
    return Table("findings", "The internship's findings", caption, notes, COLUMNS, rows, missing)


def pictures(finding: Finding) -> list[str]:
    """Return the names of the panels that show the claims of ``finding``."""
    panels = {Quantity.ACCURACY: Panel.A, Quantity.DROP: Panel.B}
    return list(dict.fromkeys(panels[claim.quantity].of(claim.group) for claim in finding.claims))


def departures(grid: Grid) -> str:
    """Return how the runs of ``grid`` differ from the internship's."""
    cells, _ = grid.cells(grid.chosen((), ()), grid.seeds[:1])
    runs = [cell.run for cell in cells]
    sizes = " or ".join(map(str, sorted({run.image_size for run in runs})))
    epochs = " or ".join(map(str, sorted({run.epochs for run in runs})))
    scaled = any(run.temperature != 1 and run.temperature_loss == "scaled" for run in runs)
    loss = "the loss of a high-temperature network is multiplied by T, the internship's is not (--temperature-loss plain); "
    images = "all validation images" if grid.fraction == 1 else f"{100 * grid.fraction:g} % of the validation images"
    return (
        f"Departures from the internship: {sizes} px, {epochs} epochs, this suite's own recipe; {loss * scaled}attacked "
        f"on {images}, not on 785 that are drawn again for each attack; differences are tested, not read off curves."
    )


def _claim(scored: ScoredFinding) -> tuple[Cell, Cell]:
    """Return the claim that decides, or of the open ones the nearest to it, and what its test says."""
    found = scored.deciding
    return (Cell(found.claim.text), Cell(found.status)) if found else (Cell(DASH), Cell(DASH))


def _effect(scored: ScoredFinding) -> Cell:
    found = scored.deciding
    if found is None:
        return Cell(DASH, command=scored.missing[0] if scored.missing else "")
    low, high = found.effect.interval()
    return Cell(f"{found.claim.quantity} {numbers(found.effect)}", found.effect.difference, low=low, high=high)
