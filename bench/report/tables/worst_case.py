"""The table of the worst case over all attacks, beside one FGSM step."""

from __future__ import annotations

from collections.abc import Sequence

from bench.attacks.fgsm import Fgsm
from bench.comparison.group import ComparisonGroup
from bench.comparison.verdict import DASH
from bench.comparison.worst_case import WorstCase, worst_case_of
from bench.records.networks import seeds_text
from bench.records.outcomes import CUSTOMARY, Quantity
from bench.report.tables.cells import measured
from bench.report.tables.table import Cell, Table, columns
from bench.report.wording import eps_unit
from bench.spec.control import control_of
from bench.spec.run import Run

SHOWN = (1.0, 2.0, 4.0, 8.0)
NOTES = (
    "An image counts as correct at eps if it is classified correctly under every attack at that eps and at every smaller one. "
    "The worst case is taken image by image, over the attacks in one norm that all networks of a figure met, on the images "
    "that these attacks share.",
    "It is an upper bound: an attack that was not run does not count. Audits, and PGD on single networks, often leave less. They "
    "have tables of their own.",
)


def worst_table(groups: Sequence[ComparisonGroup]) -> Table | None:
    """Return accuracy under one step and in the worst case for each network of ``groups``. None where none met two attacks."""
    found = [worst_case_of(group) for group in groups if group.attack == Fgsm()]
    rows = tuple(_row(each, run) for each in found if each for run in each.networks)
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
    left_out = sorted({text for each in found if each for text in each.shown_only})
    notes = (
        *NOTES,
        *[f"Left out, because they are no evidence of robustness: {', '.join(left_out)}."] * bool(left_out),
    )
    return Table(
        "worst", "The worst of the attacks that all networks of a figure met", caption, notes, columns(sections), rows
    )


def _row(found: WorstCase, run: Run) -> tuple[Cell, ...]:
    eps, seeds, worst = found.group.eps, found.networks[run], found.outcomes[run]
    fgsm = {seed: each.attacks[str(Fgsm())].outcomes for seed, each in seeds.items()}
    step = {seed: each.part(worst[seed].indices, eps) for seed, each in fgsm.items()}
    sizes = sorted({len(each.indices) for each in worst.values()})
    shown = [radius for radius in SHOWN if radius in eps]
    wanted = [(Quantity.ACCURACY, radius) for radius in shown]
    under = [dict(zip(shown, measured(each.values(), wanted), strict=True)) if shown else {} for each in (step, worst)]
    accuracies = [each.get(radius, Cell(DASH)) for radius in SHOWN for each in under]
    return (
        Cell(found.group.figure),
        Cell(found.group.label(run)),
        Cell(seeds_text(seeds)),
        Cell(", ".join(found.attacks)),
        Cell(" or ".join(f"{size:,}" for size in sizes), sizes[0]),
        *accuracies,
        Cell("the control" if run == control_of(run) else found.verdicts.get(run.name, DASH)),
    )
