"""The verdict of an audit: what FGSM says, what is really left, and whether the difference is an illusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bench.audit.checks import About, Found, checked, flagged, illusion
from bench.audit.evidence import Bools, Evidence
from bench.errors import BenchError
from bench.evaluation.learned import above_chance, shown_and_needed
from bench.records.outcomes import lower_bound, wilson
from bench.records.schema import LeftRow

MARGIN = 0.05  # points of accuracy that count
MOST = 0.10  # a network that breaks is shown to keep less than this above its control
UNAUDITED = "audit the undefended network, and then this one again"
UNLEARNED = "the one there is not shown to have learned, so train that longer"
MISLED = "The attacks themselves were misled: less may be left than they found."
Pair = tuple[Bools, Bools]  # the worst case of a network and that of its control


class Contradiction(BenchError):
    """An image is certified in a ball and fooled in it: the bound or the attack is wrong."""


class Kind(StrEnum):
    """The verdict in a word."""

    RESISTS = "resists"
    BREAKS = "breaks"
    MASKED = "masked"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """The verdict on one network, with the numbers and the checks behind it.

    Args:
        reasons: sentences.
    """

    kind: Kind
    clean: float
    rows: tuple[LeftRow, ...]
    reasons: tuple[str, ...]
    found: dict[str, Found]

    @property
    def provisional(self) -> bool:
        """Whether other seeds can change the verdict. It is on one, and a network "resists" when three seeds do."""
        return self.kind is Kind.RESISTS

    @property
    def misled(self) -> bool:
        """Whether a check found that the attacks failed: then less may be left than they found."""
        return bool(flagged(self.found, About.ATTACKS))


def judge(
    evidence: Evidence,
    control: Evidence | None = None,
    undefended: bool = False,
    uncompared: str = UNAUDITED,
) -> Verdict:
    """Return the verdict on a network, compared with its undefended ``control`` on the same images.

    masked: the check "illusion" is flagged; or one about the attacks, so that what they leave is no evidence; or one about
    the gradient of a naive attack, and FGSM is shown to overstate accuracy by more than on the control, while the worst case is
    not shown to be more than 5 points above the control's. Without a control, FGSM must be shown to overstate it by more than
    5 points.
    breaks: no such flag, and the worst case is at most 5 points above the control's at every radius and shown to be less than
    10 above it, and no check finds that the attacks on the control failed; or the network is such a control itself.
    resists: no check is flagged, and at every radius the lower end of the interval of the worst case is 5 points above the
    upper end of the control's.
    inconclusive: anything else, as a network not shown to have learned, or one without a control whose gradient is not masked.

    A control that is not shown to have learned is none.

    Args:
        undefended: whether the network is its own control.
        uncompared: why there is no control, or what to do.
    """
    if control is not None and not _learned(control):
        control, uncompared = None, UNLEARNED
    found = checked(evidence, control)
    shared = _on_shared_images(evidence, control)
    rows = tuple(_at(evidence, shared, place) for place in range(len(evidence.eps)))
    kind, reasons = _decided(evidence, control, shared, found, undefended, uncompared)
    return Verdict(kind, float(evidence.clean.mean()), rows, reasons, found)


def _decided(
    evidence: Evidence,
    control: Evidence | None,
    shared: Pair | None,
    found: dict[str, Found],
    undefended: bool,
    uncompared: str,
) -> tuple[Kind, tuple[str, ...]]:
    if not _learned(evidence):
        clean = float(evidence.clean.mean())
        ends = shown_and_needed(clean, len(evidence.labels), evidence.classes)
        reason = (
            f"The network is not shown to have learned (clean accuracy {clean:.2f}, {ends}): train it longer, or audit it on "
            "more images."
        )
        return Kind.INCONCLUSIVE, (reason,)
    flags = tuple(each.sentence for each in flagged(found))
    gains = [] if shared is None else [ours.astype(np.int64) - theirs for ours, theirs in zip(*shared, strict=True)]
    above = any(lower_bound(gain) > MARGIN for gain in gains)
    hidden = flagged(found, About.NAIVE_GRADIENT) and not above and _overstated(evidence, found)
    if flagged(found, About.ATTACKS):
        return Kind.MASKED, (MISLED, *flags)
    if found["illusion"].flagged or hidden:
        return Kind.MASKED, flags
    if control is None or shared is None:
        if undefended:
            return Kind.BREAKS, ("It is undefended: other networks are compared with it.", *flags)
        return Kind.INCONCLUSIVE, (f"There is no control to compare with: {uncompared}.", *flags)
    largest, smallest = max(float(gain.mean()) for gain in gains), min(float(gain.mean()) for gain in gains)
    if largest <= MARGIN:
        points = 100 * largest
        kept = f"at least {-points:.1f} points less" if points < 0 else f"at most {points:.1f} points more"
        reason = f"Under the worst attack it keeps {kept} accuracy than its control, at every eps."
        unsure = _unsure(control, gains)
        return (Kind.INCONCLUSIVE, (f"{reason} {unsure}", *flags)) if unsure else (Kind.BREAKS, (reason, *flags))
    if not flags and all(_apart(ours, theirs) for ours, theirs in zip(*shared, strict=True)):
        kept = f"at least {100 * smallest:.1f} points more"
        reason = f"Under the worst attack it keeps {kept} accuracy than its control, at every eps."
        return Kind.RESISTS, (reason, "No check is flagged.")
    but = "a check is flagged" if flags else f"the two intervals are not {100 * MARGIN:.0f} points apart at every eps"
    reason = (
        f"Under the worst attack it keeps up to {100 * largest:.1f} points more accuracy than its control, but {but}."
    )
    return Kind.INCONCLUSIVE, (reason, *flags)


def _learned(evidence: Evidence) -> bool:
    return above_chance(float(evidence.clean.mean()), len(evidence.labels), evidence.classes)


def _overstated(evidence: Evidence, found: dict[str, Found]) -> bool:
    """Tell whether FGSM is shown to overstate accuracy: by more than on the control or, without one, by more than 5 points."""
    more = found["illusion"].value  # None without a control
    return more > 0 if more is not None else max(map(lower_bound, illusion(evidence))) > MARGIN


def _unsure(control: Evidence, gains: Sequence[NDArray[np.int64]]) -> str:
    """Return why ``gains`` over ``control`` do not show that the network breaks; empty where they do."""
    failed = flagged(checked(control), About.ATTACKS)
    if failed:
        return f"But the attacks on the control failed, so less may be left of it. {failed[0].sentence}"
    most = max(-lower_bound(-gain) for gain in gains)
    if most >= MOST:
        return f"But {100 * most:.1f} points more are possible on so few images, by a one-sided 95 % bound: audit it on more."
    return ""


def _on_shared_images(evidence: Evidence, control: Evidence | None) -> Pair | None:
    """Return the worst case of both, (k, m), on the m images that both have; None where they differ in images or radii."""
    if control is None or control.eps != evidence.eps:
        return None
    shared = np.intersect1d(evidence.indices, control.indices)
    return (evidence.on(shared).worst_case, control.on(shared).worst_case) if len(shared) > 1 else None


def _at(evidence: Evidence, shared: Pair | None, place: int) -> LeftRow:
    left = evidence.worst_case[place]
    low, high = wilson(int(left.sum()), len(left))
    return LeftRow(
        eps=evidence.eps[place],
        naive=float(evidence.naive[place].mean()),
        left=float(left.mean()),
        low=low,
        high=high,
        control=None if shared is None else float(shared[1][place].mean()),
        certified=_certified(evidence, place),
    )


def _certified(evidence: Evidence, place: int) -> float | None:
    """Return the certified accuracy at a radius, of the images that a bound was computed for.

    Raises:
        Contradiction: an image is certified at it and fooled within it.
    """
    radii = evidence.probes.get("certified")
    if radii is None:
        return None
    taken = ~np.isnan(radii)
    safe = radii[taken] >= evidence.eps[place]
    wrong = safe & ~evidence.worst_case[place][taken]
    if wrong.any():
        raise Contradiction(
            f"image {evidence.indices[taken][wrong][0]} is certified at eps {evidence.eps[place]:g} and fooled within it: "
            "expected at most one of the two; report the image: the bound or the attack is wrong"
        )
    return float(safe.mean())


def _apart(ours: Bools, theirs: Bools) -> bool:
    """Tell whether the interval of ``ours`` is at least 5 points above that of ``theirs``."""
    low, _ = wilson(int(ours.sum()), len(ours))
    _, high = wilson(int(theirs.sum()), len(theirs))
    return low >= high + MARGIN
