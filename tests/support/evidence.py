"""Evidence of an audit made by hand, for tests of checks and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.audit.evidence import CORRECT, FOOLED, NOT_TRIED, Access, Evidence, StageOutcome

HONEST: dict[str, float] = {
    "zero": 0.0,
    "agreement": 1.0,
    "repeat": 0.0,
    "slope": 1.0,
    "explained": 1.0,
    "half range": 0.0,
}


def evidence(
    naive: Sequence[float] = (0.5, 0.2),
    left: Sequence[float] = (0.45, 0.15),
    clean: float = 0.8,
    *,
    images: int = 200,
    battery: str = "screen",
    margin: Sequence[float] | None = None,
    known: Sequence[float] | None = None,
    missed: Mapping[Access, int] | None = None,
    temperature: float = 1.0,
    probes: Mapping[str, float | Sequence[float]] | None = None,
    **settings: Any,
) -> Evidence:
    """Return evidence at eps 2 and 4 in which the first images survive longest.

    ``naive``, ``margin``, ``known`` and ``left`` are accuracies at each radius: under FGSM, under FGSM on the margin, under
    FGSM at T, and under all white-box attacks. ``missed`` counts the images at each radius that a stage without gradients
    fools beside those.
    """
    radii = len(left)
    right = np.arange(images) < round(clean * images)

    def stage(name: str, access: Access, kept: Sequence[float]) -> StageOutcome:
        outcome = np.full((radii, images), NOT_TRIED, np.int8)
        for place, fraction in enumerate(kept):
            outcome[place, right] = np.where(np.arange(images) < round(fraction * images), CORRECT, FOOLED)[right]
        return StageOutcome(name, name, 1, access, outcome)

    stages = [
        stage("fgsm", Access.ONE_STEP, naive),
        stage("fgsm at T", Access.ONE_STEP, known or naive),
        stage("fgsm on margin", Access.ONE_STEP, margin or naive),
        stage("apgd on margin", Access.WHITE_BOX, left),
    ]
    for access, count in (missed or {}).items():
        fewer = [fraction - count / images for fraction in left]
        found = stage(str(access), access, fewer)
        survivors = np.stack([np.arange(images) < round(fraction * images) for fraction in left])
        stages.append(
            StageOutcome(
                str(access), str(access), 1, access, np.where(survivors, found.outcome, NOT_TRIED).astype(np.int8)
            )
        )
    values = {**HONEST, **(probes or {})}
    return Evidence(
        battery=battery,
        eps=(2.0, 4.0)[:radii],
        temperature=temperature,
        classes=10,
        indices=np.arange(images),
        labels=np.zeros(images, np.int64),
        predictions=np.where(right, 0, 1),
        stages=tuple(stages),
        probes={name: np.broadcast_to(np.float32(value), (images,)) for name, value in values.items()},
        **settings,
    )
