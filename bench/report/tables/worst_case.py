"""The table of the worst case over all attacks, beside one FGSM step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.attacks.fgsm import Fgsm
from bench.comparison.control import control_of
from bench.comparison.group import AttackedNetwork, ComparisonGroup
from bench.comparison.verdict import DASH
from bench.comparison.worst_case import WorstCase, worst_case_of
from bench.records.networks import RecordedAttack, TrainedNetwork, seeds_text
from bench.records.outcomes import CUSTOMARY, Outcomes, Quantity
from bench.report.tables.cells import measured
from bench.report.tables.table import Cell, Table, columns
from bench.report.wording import eps_unit
from bench.spec.run import Run

SHOWN = (1.0, 2.0, 4.0, 8.0)
NOTES = (
    "An image counts as correct at eps if it is classified correctly under every attack at that eps and at every smaller one. "
    "The worst case is taken image by image, over the attacks in one norm that all networks of a figure met, on the images "
    "that these attacks share.",
    "It is an upper bound: an attack that was not run does not count.",
)


def worst_table(groups: Sequence[ComparisonGroup]) -> Table | None:
    """Return accuracy under one step and in the worst case for each network of ``groups``. None where none met two attacks."""
    rows = tuple(row for group in groups if group.attack == Fgsm() for row in _rows(group))
    if not rows:
        return None
    sections = {
        "run": ("figure", "network", "seeds"),
        "threat": ("attacks", "images"),
        "accuracy": [f"{what}, eps {radius:g}" for radius in SHOWN for what in ("one step", "worst")],
        "verdict": (f"worst against the control, {CUSTOMARY}",),
    }
    caption = (
        "Accuracy in percent [95 % interval] under one FGSM step by an attacker who knows the temperature, and in the worst "
        f"case over all attacks. Threat model: {eps_unit(Fgsm.norm)}, white box, true labels."
    )
    return Table("worst", "The worst of all attacks", caption, NOTES, columns(sections), rows)


def _rows(group: ComparisonGroup) -> list[tuple[Cell, ...]]:
    found = worst_case_of(group)
    return [_row(found, run) for run in found.networks] if found else []


def _row(found: WorstCase, run: Run) -> tuple[Cell, ...]:
    group, seeds, worst = found.group, found.networks[run], found.outcomes[run]
    step = {
        seed: each.attacks[str(Fgsm())].outcomes.part(worst[seed].indices, group.eps) for seed, each in seeds.items()
    }
    cells = [_cells(seeds, each, group.eps) for each in (step, worst)]
    sizes = sorted({len(each.indices) for each in worst.values()})
    return (
        Cell(group.figure),
        Cell(group.label(run)),
        Cell(seeds_text(seeds)),
        Cell(", ".join(found.attacks)),
        Cell(" or ".join(f"{size:,}" for size in sizes), sizes[0]),
        *[each.get(radius, Cell(DASH)) for radius in SHOWN for each in cells],
        Cell("the control" if run == control_of(run) else found.verdicts.get(run.name, DASH)),
    )


def _cells(
    networks: Mapping[int, TrainedNetwork], outcomes: Mapping[int, Outcomes], eps: tuple[float, ...]
) -> dict[float, Cell]:
    attacked = {
        seed: AttackedNetwork(each, RecordedAttack(each.attacks[str(Fgsm())].record, outcomes[seed]))
        for seed, each in networks.items()
    }
    radii = [radius for radius in SHOWN if radius in eps]
    if not radii:
        return {}
    return dict(zip(radii, measured(attacked, [(Quantity.ACCURACY, radius) for radius in radii]), strict=True))
