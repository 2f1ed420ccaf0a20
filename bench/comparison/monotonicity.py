"""Finds networks whose accuracy rises with eps, which shows that the attack fails there."""

from __future__ import annotations

import numpy as np

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
        outcomes = [each.outcomes for each in group.attacked(run).values() if each.learned]
        curves = [each.part(each.indices, group.eps).right.mean(axis=1) for each in outcomes]
        means = np.mean(curves or [[0.0]], axis=0)
        rises = means[1:] > np.minimum.accumulate(means)[:-1] + RISE
        if rises.any():
            found[group.label(run)] = group.eps[int(rises.argmax())]
    if not found:
        return ()
    cases = ", ".join(f"{label} beyond {radius:g}" for label, radius in found.items())
    one_step = isinstance(group.attack, GradientAttack) and group.attack.one_step
    why = "a single step of this length overshoots" if one_step else "the attack fails"
    return (f"Figure {group.name}: accuracy rises with eps ({cases}). The networks are not stronger there: {why}.",)
