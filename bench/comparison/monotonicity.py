"""Finds networks whose accuracy rises with eps, which shows that the attack fails there."""

from __future__ import annotations

from itertools import pairwise

from bench.attacks.gradient_attack import GradientAttack
from bench.comparison.group import ComparisonGroup

RISE = 0.02


def rising_accuracy(group: ComparisonGroup) -> tuple[str, ...]:
    """Return a sentence on the networks whose mean accuracy over seeds rises by more than 0.02 from one eps to a larger one.

    Networks that did not learn are left out: at chance, accuracy may rise by luck.

    Source: Carlini et al. 2019, arXiv:1902.06705 (accuracy must fall as the bound on the attack grows).
    """
    found: dict[str, float] = {}
    for run in group.runs:
        curves = [
            [float(each.outcomes.right[each.outcomes.eps.index(radius)].mean()) for radius in group.eps]
            for each in group.attacked(run).values()
            if each.learned
        ]
        means = [sum(values) / len(values) for values in zip(*curves, strict=True)]
        lowest = 1.0
        for (radius, before), (_, after) in pairwise(zip(group.eps, means, strict=bool(means))):
            lowest = min(lowest, before)
            if after > lowest + RISE:
                found[group.label(run)] = radius
                break
    if not found:
        return ()
    cases = ", ".join(f"{label} beyond {radius:g}" for label, radius in found.items())
    one_step = isinstance(group.attack, GradientAttack) and group.attack.one_step
    why = "a single step of this length overshoots" if one_step else "the attack fails"
    return (f"Figure {group.name}: accuracy rises with eps ({cases}). The networks are not stronger there: {why}.",)
