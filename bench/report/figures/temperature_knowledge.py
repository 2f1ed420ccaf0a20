"""Attackers with and without knowledge of the temperature, and the images that leave them no gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.attacks.fgsm import Fgsm
from bench.comparison.group import ComparisonGroup
from bench.comparison.masked_networks import is_masked, masking_evidence
from bench.records.outcomes import Quantity
from bench.report.figures.accuracy_curves import in_percent
from bench.report.figures.pareto import chosen_radius
from bench.report.figures.style import Line, bar, blank, chance_lines, framed, network_axis, ordered, style
from bench.report.tables.cells import measured
from bench.report.tables.table import Table
from bench.report.wording import either, intervals_shown, seeds_in_words

ATTACKERS: dict[str, tuple[Fgsm, dict[str, Any]]] = {
    "FGSM, attacker knows T": (Fgsm(), {"color": "0.0", "marker": "o", "linestyle": "-"}),
    "FGSM, attacker at T = 1": (Fgsm(knowledge="none"), {"color": "0.5", "marker": "s", "linestyle": "--"}),
    "one step on the logit margin": (Fgsm(loss="margin"), {"color": "#0072B2", "marker": "D", "linestyle": "-."}),
}
PLAIN = (
    "Below: the images whose input gradient is exactly zero. The two attackers differ in the gradient alone: a gap between "
    "them is masking, not robustness."
)


@style()
def knowledge(group: ComparisonGroup, table: Table) -> Figure | None:
    """Return accuracy near eps 2 by temperature for each attacker, and below it the images whose gradient is exactly zero.

    None where temperature does not vary, or no attacker without knowledge of T was tried. A masked gradient has a hollow
    marker.
    """
    varies = len({run.temperature for run in group.runs}) > 1
    groups = {name: replace(group, attack=attack) for name, (attack, _) in ATTACKERS.items()}
    unknown = groups["FGSM, attacker at T = 1"]
    radius = chosen_radius(group.eps)
    ignorant = [run for run in group.runs if run.temperature != 1 and unknown.attacked(run)]
    if not varies or radius is None or not ignorant:
        return None
    figure, (above, below) = blank((3.2, 2.0))
    join: dict[str, Any] = {} if ordered(group) else {"linestyle": ""}
    for name, each in groups.items():
        look = ATTACKERS[name][1]
        _attacker(above, below, each, radius, {**look, **join, "markersize": 8, "linewidth": 2}, name)
    chance_lines(above, group)
    above.set_ylim(bottom=0)
    above.set_ylabel("accuracy, %")
    below.set_ylim(-4, 104)
    below.set_ylabel("zero gradient, %")
    network_axis(below, group, group.runs)
    what = f"accuracy at eps {radius:g} by what the attacker knows, and images without a gradient"
    blind = either(list(dict.fromkeys(unknown.attack.threat(run.temperature).knowledge for run in ignorant)))
    note = f"{seeds_in_words(unknown, 'Bars')} Hollow: the gradient is masked."
    evidence = [f"{name}: {masking_evidence(each)}" for name, each in list(groups.items())[:2]]
    caption = (f"{table.caption} Attacker at T = 1: {blind}.", note, PLAIN, *evidence)
    return framed(figure, group.title, what, caption, above.get_legend_handles_labels()[0])


def _attacker(above: Axes, below: Axes, group: ComparisonGroup, radius: float, look: dict[str, Any], name: str) -> None:
    """Draw the accuracies under one attack ``above``, and ``below`` the images without a gradient, in percent."""
    places, accuracies, zeros = [], [], []
    for place, run in enumerate(group.runs):
        attacked = group.attacked(run)
        if attacked:
            (cell,) = measured([each.outcomes for each in attacked.values()], [(Quantity.ACCURACY, radius)])
            mean, low, high = in_percent(cell)
            seeds = {
                seed: (100 * float(each.outcomes.each(Quantity.ACCURACY, (radius,)).mean()),)
                for seed, each in attacked.items()
            }
            line = Line(run, [mean], [low], [high], seeds=seeds, shaded=intervals_shown(group))
            bar(above, place, line, 0, {**look, "zorder": 3}, masked=bool(is_masked(attacked)))
            fractions = [each.record.gradient_zero_images for each in attacked.values()]
            places.append(place)
            accuracies.append(mean)
            zeros.append(100 * sum(fractions) / len(fractions))
    if places:
        above.plot(places, accuracies, label=name, **look)
        below.plot(places, zeros, label=name, **look)
