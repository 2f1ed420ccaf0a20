"""Attackers with and without knowledge of the temperature, and the images that leave them no gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.attacks.fgsm import Fgsm
from bench.comparison.group import ComparisonGroup
from bench.comparison.masking import is_masked, masking_evidence
from bench.records.outcomes import Quantity
from bench.report.figures.by_compression import chosen_radius
from bench.report.figures.style import chance_lines, framed, legend_above, style
from bench.report.tables.cells import measured
from bench.report.tables.table import Table
from bench.report.wording import chances, either, seeds_in_words

ATTACKERS: dict[str, tuple[Fgsm, dict[str, Any]]] = {
    "FGSM, T known": (Fgsm(), {"color": "0.0", "marker": "o", "linestyle": "-"}),
    "FGSM, T unknown": (Fgsm(knowledge="none"), {"color": "0.5", "marker": "s", "linestyle": "--"}),
    "one step on the logit margin": (Fgsm(loss="margin"), {"color": "#0072B2", "marker": "D", "linestyle": "-."}),
}

PLAIN = (
    "Below: the images whose input gradient is exactly zero. The two attackers differ in the gradient alone: a gap between "
    "them is masking, not robustness."
)


def knowledge(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return accuracy near eps 2 by temperature for each attacker, and below it the images whose gradient is exactly zero.

    None where temperature does not vary, or no attacker without knowledge of T was tried. A masked gradient has a hollow
    marker.
    """
    varies = len({run.temperature for run in group.runs}) > 1
    groups = {name: replace(group, attack=attack) for name, (attack, _) in ATTACKERS.items()}
    unknown = groups["FGSM, T unknown"]
    radius = chosen_radius(group.eps)
    ignorant = [run for run in group.runs if run.temperature != 1 and unknown.attacked(run)]
    if not varies or radius is None or not ignorant:
        return None
    evidence = [f"{name}: {masking_evidence(each)}" for name, each in list(groups.items())[:2]]
    note = f"{seeds_in_words(unknown, 'Bars')} Hollow: the gradient is masked."
    blind = either(list(dict.fromkeys(unknown.attack.threat(run.temperature).knowledge for run in ignorant)))
    labels = [group.label(run).replace(", ", "\n") for run in group.runs]
    with style():
        what = f"accuracy at eps {radius:g} with T known and unknown, and images without a gradient"
        caption = (f"{table.caption} T unknown: {blind}.", note, PLAIN, *evidence)
        marks = [*ATTACKERS, *chances(group)]
        figure, (above, below) = framed(group.title, what, caption, heights=(3.2, 2.0), legend=marks)
        for name, each in groups.items():
            _attacker(above, below, each, radius, ATTACKERS[name][1], name)
        chance_lines(above, group)
        above.set_ylim(bottom=0)
        above.set_ylabel("accuracy, %")
        below.set_ylim(-4, 104)
        below.set_ylabel("zero gradient, %")
        below.set_xticks(range(len(group.runs)), labels)
        legend_above(figure, above.get_legend_handles_labels()[0])
    return figure


def _attacker(
    above: Axes, below: Axes, group: ComparisonGroup, radius: float, shown: dict[str, Any], name: str
) -> None:
    """Draw the accuracies under one attack ``above``, and ``below`` the images without a gradient, in percent."""
    places, accuracies, zeros = [], [], []
    for place, run in enumerate(group.runs):
        attacked = group.attacked(run)
        if not attacked:
            continue
        (cell,) = measured(attacked, [(Quantity.ACCURACY, radius)])
        mean, low, high = (100 * float(each or 0) for each in (cell.number, cell.low, cell.high))
        bars = [[max(0.0, mean - low)], [max(0.0, high - mean)]]
        face = "white" if is_masked(attacked) else shown["color"]
        above.errorbar([place], [mean], bars, mfc=face, markersize=8, capsize=4, zorder=3, **shown)
        fractions = [each.record.gradient_zero_images for each in attacked.values()]
        places.append(place)
        accuracies.append(mean)
        zeros.append(100 * sum(fractions) / len(fractions))
    if places:
        above.plot(places, accuracies, linewidth=2, markersize=8, label=name, zorder=2, **shown)
        below.plot(places, zeros, linewidth=2, markersize=8, label=name, **shown)
