"""Whether robustness is only apparent: what the margin step and the zero gradients say of the networks of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.comparison.outcomes import CUSTOMARY, Outcomes
from bench.masking import MARGIN, masking
from bench.report.lineup import Lineup
from bench.report.networks import Attacked, Trained
from bench.report.records import Records
from bench.report.shared import shared
from bench.report.table import DASH


def masking_of(attacked: Mapping[int, tuple[Trained, Attacked]]) -> list[dict[str, Any]]:
    """Return what comparison with the margin step says of an attack at each seed, as ``bench.masking.masking`` does.

    On the images and radii that both have: an iterated attack on some images is held against a step on all of them. A
    seed where that shows no masking, but the margin step was not made at the largest radius that a verdict looks at, was
    not tested, and is left out.
    """
    found = []
    for network, attack in attacked.values():
        margin = network.attacks.get(MARGIN)
        if margin and not attack.on_margin:
            both = shared({"attack": attack.outcomes, MARGIN: margin.outcomes})
            if len(both[MARGIN].indices):
                seen = masking([_record(attack, both["attack"]), _record(margin, both[MARGIN])])
                found += [each for each in seen if each["masked"] or reach(attack.outcomes.eps) in both[MARGIN].eps]
    return found


def reach(eps: tuple[float, ...]) -> float:
    """Return the largest of ``eps`` that a verdict looks at: where there is anything to mask, it is seen there."""
    return max(CUSTOMARY.of(eps) or eps)


def masked_at_all(attacked: Mapping[int, tuple[Trained, Attacked]]) -> bool | None:
    """Return whether an attack's gradient is masked at any seed; None where it is at none, and some seed was not tested.

    An attack on the margin itself has no temperature to be blinded by: what tells masking is that very loss.
    """
    found = masking_of(attacked)
    if any(each["masked"] for each in found):
        return True
    tested = len(found) == len(attacked) or all(attack.on_margin for _, attack in attacked.values())
    return False if attacked and tested else None


def _record(attack: Attacked, outcomes: Outcomes) -> dict[str, Any]:
    accuracies = outcomes.right.mean(axis=1)
    rows = [{"eps": eps, "accuracy": float(each)} for eps, each in zip(outcomes.eps, accuracies, strict=True)]
    return {"attack": attack.record["attack"], "threat": attack.record["threat"], "fraction": 1.0, "rows": rows}


def masked_count(lineups: Sequence[Lineup], records: Records) -> str:
    """Return in how many of the networks of ``lineups`` that were tested the gradient is masked, as "4 of 15"."""
    groups = [lineup.attacked(records, run) for lineup in lineups for run in lineup.runs]
    networks, found = sum(map(len, groups)), [each for group in groups for each in masking_of(group)]
    if not found:
        return "not tested" if networks else DASH
    rest = f"; {networks - len(found)} not tested" if networks > len(found) else ""
    return f"{sum(bool(each['masked']) for each in found)} of {len(found)}{rest}"


def masking_evidence(lineup: Lineup, records: Records) -> str:
    """Return in a sentence how many of the compared networks of ``lineup`` mask their gradient, and the clearest case."""
    groups = [lineup.attacked(records, run) for run in lineup.compared]
    zeros = [float(attack.record["gradient_zero_images"]) for group in groups for _, attack in group.values()]
    found = [each for group in groups for each in masking_of(group)]
    if not zeros:
        return ""
    spread = f"the gradient is exactly zero on {100 * min(zeros):.1f} to {100 * max(zeros):.1f} % of the images"
    if not found:
        return f"Masking was not tested: there is no margin step; {spread}."
    worst = max(found, key=lambda each: float(each["gap"]))
    masked = sum(bool(each["masked"]) for each in found)
    if not masked:
        most = max(0.0, float(worst["gap"]))
        return (
            f"The gradient is masked in none of {len(found)} networks: one step on the logit margin takes at most "
            f"{100 * most:.1f} points more; {spread}."
        )
    return (
        f"The gradient is masked in {masked} of {len(found)} networks, and what is masked is no strength of a network: "
        f"{spread}, and in the clearest case accuracy at eps {worst['eps']:g} is {worst['accuracy']:.3f}, and "
        f"{worst['reference_accuracy']:.3f} under one step on the logit margin."
    )
