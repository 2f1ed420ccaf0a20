"""What looks say: how far a network's maps agree with its control's, whether the maps are worth anything, what it forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from scipy.stats import t

from bench.comparison.forgetting import Forgotten, forgotten
from bench.comparison.significance import holm
from bench.errors import BadInput
from bench.looking.limits import COMPLETENESS, SANITY, SIGNIFICANCE
from bench.records.files import Arrays
from bench.records.outcomes import Floats
from bench.records.schema import ControlRow, LookRecord
from bench.records.store import Folder, folder_of

RANK, OVERLAP = 0, 1


@dataclass(frozen=True)
class Mean:
    """A mean over ``images`` with the ends of its 95 % interval after Student, which are None where there is one image.

    ``asked``: the images looked at. Those whose maps are constant are not in the mean.
    """

    value: float
    low: float | None
    high: float | None
    images: int
    asked: int

    @property
    def text(self) -> str:
        """The mean with its interval, and the number of images where these are not all."""
        interval = "" if self.low is None else f" [{self.low:.2f}, {self.high:.2f}]"
        return f"{self.value:.2f}{interval}" + f" n {self.images}" * (self.images != self.asked)


@dataclass(frozen=True)
class Agreement:
    """How far the maps of one kind agree, in the mean over images. What was not compared is None.

    Args:
        saliency: the kind of map.
        rank: Spearman's correlation with the control, and ``overlap`` the shared part of the top 5 % of the pixels.
        seeds: Spearman's correlation of the control with another seed of it, and ``seeds_overlap`` its overlap.
        shuffled: Spearman's correlation with the same network with shuffled weights, and ``shuffled_overlap`` its overlap.
        control_shuffled: the correlation of the control with itself with shuffled weights.
        beyond: the mean over images of ``rank`` minus ``seeds``: below 0, the network looks elsewhere than a second training
            of the control does.
        p: of no such difference, two-sided, by Student's t on the paired images; corrected where ``judged`` made it.
    """

    saliency: str
    rank: Mean | None
    overlap: Mean | None
    seeds: Mean | None
    seeds_overlap: Mean | None
    shuffled: Mean | None
    shuffled_overlap: Mean | None
    control_shuffled: Mean | None
    beyond: Mean | None
    p: float | None

    @property
    def worthless(self) -> bool:
        """Whether the maps of the network or of its control fail the test of shuffled weights, or cannot be tested."""
        return bool(self.fault)

    @property
    def fault(self) -> str:
        """Why the maps are worthless, in words; empty where they are not."""
        if self.shuffled is None:
            return "the test of shuffled weights could not be made: the maps are constant"
        for whose, found in (("these maps", self.shuffled), ("the maps of the control", self.control_shuffled)):
            if found is not None and found.value >= SANITY:
                value = f"{found.value:.2f}, expected below {SANITY:g}"
                return f"worthless here: {whose} hardly change when the weights are shuffled ({value})"
        return ""

    @property
    def elsewhere(self) -> bool | None:
        """Whether the network is shown to look elsewhere than a second training does; None where that was not tested."""
        if self.beyond is None or self.p is None or self.worthless:
            return None
        return self.beyond.value < 0 and self.p < SIGNIFICANCE


@dataclass(frozen=True)
class Seen:
    """What the look at one network says.

    Args:
        record: the record of the look.
        agreements: one for each kind of map.
        forgotten: against the control; None where that has no look at as many images.
        seeds_forgotten: the same of another seed of the control against the control.
        outdated: whether the record names a control or another seed that is no longer here as it was. What was compared with
            it is left out.
    """

    record: LookRecord
    agreements: tuple[Agreement, ...]
    forgotten: Forgotten | None
    seeds_forgotten: Forgotten | None
    outdated: bool

    @property
    def coarse(self) -> bool:
        """Whether integrated gradients are too coarse to sum to the logit's difference."""
        return self.record.incompleteness > COMPLETENESS

    @property
    def falls(self) -> str:
        """What is shown to have fallen against the control: agreement, accuracy, both, or neither; empty if not tested."""
        tested = [each.elsewhere for each in self.agreements if each.elsewhere is not None]
        if not tested or self.forgotten is None:
            return ""
        agreement = any(tested)
        accuracy = self.forgotten.whole.worse
        if agreement and accuracy:
            return "both"
        return "agreement alone" if agreement else "accuracy alone" if accuracy else "neither"


Look = tuple[LookRecord, Arrays]


def seen(own: Look, control: Look | None, seeds: Look | None, classes: Sequence[str]) -> Seen:
    """Return what the look ``own`` says.

    Args:
        own: the record of a look and its numbers.
        control: the same of the network that it is compared with, and ``seeds`` of another seed of that; None where there
            is none. One of other weights or images than ``own`` names counts as none.
        classes: the names of the classes.
    """
    record, numbers = own
    control = _fitting(record, control, "control")
    first = control if record.control else own
    seeds = _fitting(record, seeds, "seeds") if first else None  # it was compared with the first
    gone = [which for which, other in (("control", control), ("seeds", seeds)) if other is None]
    kept = {name: each for name, each in numbers.items() if name.rpartition(", ")[2] not in gone}
    kinds = dict.fromkeys(row.saliency for row in record.agreement)
    return Seen(
        record,
        tuple(_agreement(kind, kept, control[1] if control else {}) for kind in kinds),
        _forgotten(own, control, classes),
        _forgotten(seeds, first, classes),
        any(getattr(record, which) is not None for which in gone),
    )


def seen_in(folder: Folder, images: int) -> Seen:
    """Return what the look at the network in ``folder`` says.

    Args:
        folder: with the record of a look at ``images`` images, beside those of the networks that it is compared with.

    Raises:
        BadInput: there is no such look.
        IntegrityError: a record is damaged.
    """
    own = folder.looks.get(images)
    if own is None:
        raise BadInput(
            f"{folder.run.key} has no look at {images} images: expected one; run bench look {folder.run.key} --images {images}"
        )

    def other(row: ControlRow | None) -> Look | None:
        found = row and folder_of(folder.results, row.run, row.seed)
        return found.looks.get(images) if found else None

    return seen(own, other(own[0].control), other(own[0].seeds), folder.trained().data.classes)


def judged(looks: Mapping[str, Seen]) -> dict[str, Seen]:
    """Return ``looks`` with every p corrected after Holm: the maps of all networks are one family, their accuracies another.

    Maps that the test of shuffled weights calls worthless are in no family.
    """
    maps = holm(
        {
            (name, row.saliency): row.p
            for name, each in looks.items()
            for row in each.agreements
            if row.p is not None and not row.worthless
        }
    )
    whole = holm({name: each.forgotten.whole.p for name, each in looks.items() if each.forgotten})
    found = {}
    for name, each in looks.items():
        rows = tuple(replace(row, p=maps.get((name, row.saliency), row.p)) for row in each.agreements)
        lost = each.forgotten
        lost = lost and replace(lost, whole=replace(lost.whole, p=whole[name]))
        found[name] = replace(each, agreements=rows, forgotten=lost)
    return found


def mean(values: Floats) -> Mean | None:
    """Return the mean of the finite ``values`` with its 95 % interval after Student; None where none is finite."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not known.size:
        return None
    value, count = float(known.mean()), len(known)
    if count == 1:
        return Mean(value, None, None, 1, len(values))
    half = float(t.ppf(0.975, count - 1)) * float(known.std(ddof=1)) / sqrt(count)
    return Mean(value, value - half, value + half, count, len(values))


def _agreement(kind: str, numbers: Arrays, of_control: Arrays) -> Agreement:
    def measured(pair: str, which: int, among: Arrays = numbers) -> Mean | None:
        found = among.get(f"{kind}, {pair}")
        return None if found is None else mean(found[which])

    beyond, p = None, None
    ours, theirs = numbers.get(f"{kind}, control"), numbers.get(f"{kind}, seeds")
    if ours is not None and theirs is not None:
        difference = (ours[RANK] - theirs[RANK]).astype(np.float64)
        beyond, p = mean(difference), _p(difference[np.isfinite(difference)])
    return Agreement(
        saliency=kind,
        rank=measured("control", RANK),
        overlap=measured("control", OVERLAP),
        seeds=measured("seeds", RANK),
        seeds_overlap=measured("seeds", OVERLAP),
        shuffled=measured("shuffled", RANK),
        shuffled_overlap=measured("shuffled", OVERLAP),
        control_shuffled=measured("shuffled", RANK, of_control),
        beyond=beyond,
        p=p,
    )


def _p(differences: Floats) -> float | None:
    """Return the two-sided p of Student's t against a mean of 0; None where there are fewer than two numbers."""
    count = len(differences)
    if count < 2:
        return None
    middle, deviation = float(differences.mean()), float(differences.std(ddof=1))
    if not deviation:
        return float(middle == 0)
    return 2 * float(t.sf(abs(middle) / deviation * sqrt(count), count - 1))


def _fitting(record: LookRecord, other: Look | None, which: str) -> Look | None:
    named = getattr(record, which)
    if other is None or named is None:
        return None
    theirs = other[0]
    same = (theirs.weights, theirs.data, theirs.version) == (named.weights, record.data, record.version)
    return other if same else None


def _forgotten(own: Look | None, control: Look | None, classes: Sequence[str]) -> Forgotten | None:
    if own is None or control is None or own[0].weights == control[0].weights:
        return None
    return forgotten(own[1]["predicted"], control[1]["predicted"], own[1]["labels"], classes)
