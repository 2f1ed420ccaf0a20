"""Where accuracy under attack rises with eps: no strength, but a step that goes too far, and to be said."""

from __future__ import annotations

from itertools import pairwise

from bench.attacks.fgsm import Fgsm
from bench.report.lineup import Lineup
from bench.report.records import Records

RISE = 0.02


def rises(lineup: Lineup, records: Records) -> tuple[str, ...]:
    """Return a sentence on the networks whose accuracy, the mean over seeds, rises by more than 0.02 from one eps to a later.

    Source: Carlini et al. 2019, arXiv:1902.06705 (accuracy must fall as the bound on the attack grows).
    """
    found: dict[str, float] = {}
    for run in lineup.runs:
        curves = [
            [float(attack.outcomes.right[attack.outcomes.eps.index(radius)].mean()) for radius in lineup.eps]
            for _, attack in lineup.attacked(records, run).values()
        ]
        means = [sum(values) / len(values) for values in zip(*curves, strict=True)]
        lowest = 1.0
        for (radius, before), (_, after) in pairwise(zip(lineup.eps, means, strict=bool(means))):
            lowest = min(lowest, before)
            if after > lowest + RISE:
                found[lineup.label(run)] = radius
                break
    if not found:
        return ()
    cases = ", ".join(f"{label} beyond {radius:g}" for label, radius in found.items())
    why = "a single step that long overshoots" if isinstance(lineup.attack, Fgsm) else "the attack fails there"
    return (
        f"Figure {lineup.name}: accuracy rises with eps ({cases}). That is no strength: {why}, and a shorter one does more.",
    )
