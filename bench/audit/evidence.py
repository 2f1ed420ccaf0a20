"""The evidence of an audit: what was measured of one network, image by image. Verdicts are computed from it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.records.files import Arrays

CORRECT, FOOLED, NOT_TRIED = 1, 0, -1
PROBE = "probe "  # the start of the name of a probe's array
Bools = NDArray[np.bool_]


class Access(StrEnum):
    """What a stage of the battery uses of the network."""

    ONE_STEP = "one step"
    WHITE_BOX = "white box"
    BLACK_BOX = "no gradients"
    TRANSFER = "transfer"
    ADAPTED = "adapted"  # to a network whose gradient misleads


@dataclass(frozen=True)
class StageOutcome:
    """The outcome of one stage.

    Args:
        stage: its name in the battery.
        attack: the text of the attack, and ``version`` that of its numbers.
        outcome: int8, (k, n): for each radius and image CORRECT, FOOLED or NOT_TRIED.
        gradients: how many gradients of the network it took, one for each image and step.
        queries: how many images it classified without a gradient.
    """

    stage: str
    attack: str
    version: int
    access: Access
    outcome: NDArray[np.int8]
    gradients: int = 0
    queries: int = 0

    @property
    def tried(self) -> Bools:
        """Where the stage was tried, (k, n)."""
        return np.asarray(self.outcome != NOT_TRIED)

    @property
    def fooled(self) -> Bools:
        """Where it fooled the network, (k, n)."""
        return np.asarray(self.outcome == FOOLED)


@dataclass(frozen=True)
class Evidence:
    """What a battery measured of one network on n images at k radii.

    Args:
        battery: "screen" or "full".
        eps: the k radii, L-infinity, pixel levels, ascending, above 0.
        temperature: the T of the network's training.
        classes: the number of classes.
        indices: (n,), ascending: the places of the images in the validation split.
        labels: (n,), the true classes.
        predictions: (n,), the classes that the network gives the clean images.
        stages: the outcome of each stage, in order.
        probes: measurements for the checks, by name, each with one number an image; see ``bench/audit/probes.py``.
        not_finite: the number of gradient values that were NaN or infinite.
    """

    battery: str
    eps: tuple[float, ...]
    temperature: float
    classes: int
    indices: NDArray[np.int64]
    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    stages: tuple[StageOutcome, ...]
    probes: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    not_finite: int = 0

    @cached_property
    def clean(self) -> Bools:
        """Whether each clean image is classified correctly, (n,)."""
        return np.asarray(self.predictions == self.labels)

    def stage(self, name: str) -> StageOutcome | None:
        """Return the outcome of the stage ``name``; None where the battery does not have it."""
        return next((each for each in self.stages if each.stage == name), None)

    def probe(self, name: str) -> NDArray[np.float32]:
        """Return a probe, (n,): NaN for an image that it was not taken of, and for all where the battery does not take it."""
        return np.asarray(self.probes.get(name, np.full(len(self.labels), np.nan, np.float32)))

    def known(self, name: str) -> NDArray[np.float32]:
        """Return a probe of the images alone that it was taken of."""
        values = self.probe(name)
        return np.asarray(values[~np.isnan(values)])

    def correct(self, *access: Access) -> Bools:
        """Return where the network is correct after every stage of the kinds ``access``, or of all kinds, (k, n).

        A stage that fools the network within one radius fools it within every larger one.
        """
        fooled = np.zeros((len(self.eps), len(self.labels)), bool)
        for each in self.stages:
            if not access or each.access in access:
                fooled |= each.fooled
        return self.clean & ~np.logical_or.accumulate(fooled, axis=0)

    @cached_property
    def worst_case(self) -> Bools:
        """Where the network is correct after all stages, (k, n)."""
        return self.correct()

    @property
    def naive(self) -> Bools:
        """Where the network is correct after one FGSM step on the cross-entropy at T = 1, (k, n): what FGSM says."""
        found = self.stage("fgsm")
        if found is None:
            raise ValueError("the battery has no stage fgsm")
        return np.asarray(self.clean & (found.outcome == CORRECT))

    def arrays(self) -> Arrays:
        """Return the evidence as arrays to write; the texts are in the record."""
        outcomes = np.stack([each.outcome for each in self.stages])
        return {
            "indices": self.indices.astype(np.int32),
            "labels": self.labels.astype(np.int16),
            "predictions": self.predictions.astype(np.int16),
            "outcomes": outcomes,
            **{PROBE + name: values for name, values in self.probes.items()},
        }

    def on(self, indices: NDArray[np.int64]) -> Evidence:
        """Return the evidence on the images ``indices`` alone, without probes. All of them must be there."""
        places = np.searchsorted(self.indices, indices)
        stages = tuple(replace(each, outcome=each.outcome[:, places]) for each in self.stages)
        return replace(
            self,
            indices=indices,
            labels=self.labels[places],
            predictions=self.predictions[places],
            stages=stages,
            probes={},
        )
