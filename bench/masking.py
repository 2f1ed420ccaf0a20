"""Whether an attack's gradient was masked: one step on the logit margin, which no temperature changes, tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MARGIN = "fgsm(loss=margin)"
TOLERATED = 0.05


def masking(attacks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a finding for each attack record on the cross-entropy that can be compared with a record of the margin step.

        gap = max over eps of (accuracy under the attack - accuracy under the margin step)

    over the radii that both have, on the same images. The gradient is called masked where ``gap`` exceeds 0.05: the
    attack failed, and a step of the same length in a better direction did not. ``words`` says so in a sentence.
    Source: Croce & Hein 2020, arXiv:2003.01690 (losses that no scale of the logits changes); the 0.05 is this suite's.
    """
    records = list(attacks)
    references = [record for record in records if record["attack"] == MARGIN]
    found = []
    for record in records:
        if record["threat"]["temperature"] is None:
            continue
        for reference in references:
            if reference["fraction"] == record["fraction"] and len(_shared(record, reference)) > 1:
                found.append(_compare(record, reference))
                break
    return found


def _shared(record: dict[str, Any], reference: dict[str, Any]) -> dict[float, tuple[float, float]]:
    other = {row["eps"]: row["accuracy"] for row in reference["rows"]}
    return {row["eps"]: (row["accuracy"], other[row["eps"]]) for row in record["rows"] if row["eps"] in other}


def _compare(record: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    shared = _shared(record, reference)
    eps = max(shared, key=lambda radius: shared[radius][0] - shared[radius][1])
    accuracy, below = shared[eps]
    masked = accuracy - below > TOLERATED
    label = record["threat"]["label"]
    if masked:
        words = (
            f"{label}: the gradient is masked. At eps {eps:g} accuracy is {accuracy:.3f} under it and {below:.3f} under one "
            "step on the logit margin: the difference is a failure of the attack, not a strength of the network"
        )
    else:
        words = (
            f"{label}: no masking seen. One step on the logit margin is at most {accuracy - below:.3f} stronger "
            f"(at eps {eps:g})"
        )
    return {
        "attack": record["attack"],
        "reference": reference["attack"],
        "eps": eps,
        "accuracy": accuracy,
        "reference_accuracy": below,
        "gap": accuracy - below,
        "masked": masked,
        "words": words,
    }
