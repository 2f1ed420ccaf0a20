"""Whether robustness is only apparent: what the margin step and the zero gradients say of the networks of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.comparison.outcomes import Outcomes
from bench.masking import MARGIN, masking
from bench.report.lineup import Lineup
from bench.report.networks import Attacked, Trained
from bench.report.records import Records
from bench.report.shared import shared
from bench.report.table import DASH


def masking_of(attacked: Mapping[int, tuple[Trained, Attacked]]) -> list[dict[str, Any]]:
    """Return what comparison with the margin step says of an attack at each seed, as ``bench.masking.masking`` does.

    On the images and radii that both have: an iterated attack on some images is held against a step on all of them.
    """
    found = []
    for network, attack in attacked.values():
        margin = network.attacks.get(MARGIN)
        if margin and margin is not attack:
            both = shared({"attack": attack.outcomes, MARGIN: margin.outcomes})
            if len(both[MARGIN].indices):
                found += masking([_record(attack, both["attack"]), _record(margin, both[MARGIN])])
    return found


def masked_at_all(attacked: Mapping[int, tuple[Trained, Attacked]]) -> bool | None:
    """Return whether an attack's gradient is masked at any seed; None where no seed was attacked on the margin as well."""
    found = masking_of(attacked)
    return any(each["masked"] for each in found) if found else None


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
