"""The verdict of an audit: what FGSM says, what is really left, and whether the difference is an illusion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from bench.audit.bounds.bracket import brackets
from bench.audit.checks import CHECKS, About, Found, checked, lower_bound
from bench.audit.evidence import Bools, Evidence
from bench.evaluation.learned import above_chance, shown_and_needed
from bench.records.outcomes import Outcomes, wilson

MARGIN = 0.05  # points of accuracy that count
UNAUDITED = "audit the undefended network too"
MISLED = "The attacks themselves were misled: less may be left than they found."
Pair = tuple[Bools, Bools]  # the worst case of a network and that of its control


class Kind(StrEnum):
    """The verdict in a word."""

    RESISTS = "resists"
    BREAKS = "breaks"
    MASKED = "masked"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class AtRadius:
    """The three numbers at one radius, each accuracy in [0, 1].

    Args:
        eps: L-infinity, pixel levels.
        naive: the accuracy under one FGSM step on the cross-entropy at T = 1.
        left: the accuracy under the worst of all attacks, with its 95 % Wilson interval ``low`` to ``high``.
        control: the accuracy of the control under the worst of all attacks, on the same images; None without a control.
        certified: the accuracy that no attack can lower; None where no bound was computed.
    """

    eps: float
    naive: float
    left: float
    low: float
    high: float
    control: float | None
    certified: float | None = None


@dataclass(frozen=True)
class Verdict:
    """The verdict on one network, with the numbers and the checks behind it.

    Args:
        reasons: sentences.
    """

    kind: Kind
    clean: float
    rows: tuple[AtRadius, ...]
    reasons: tuple[str, ...]
    found: dict[str, Found]

    @property
    def provisional(self) -> bool:
        """Whether other seeds can change the verdict. It is on one, and a network "resists" when three seeds do."""
        return self.kind is Kind.RESISTS

    @property
    def misled(self) -> bool:
        """Whether a check found that the attacks failed: then less may be left than they found."""
        return About.ATTACKS in _about(self.found)


def judge(
    evidence: Evidence,
    control: Evidence | None = None,
    undefended: bool = False,
    uncompared: str = UNAUDITED,
) -> Verdict:
    """Return the verdict on a network, compared with its undefended ``control`` on the same images.

    masked: the check "illusion" is flagged; or one about the attacks, so that what they leave is no evidence; or one about
    the gradient of a naive attack, and FGSM is shown to overstate accuracy by more than on the control, while the worst case is
    not shown to be more than 5 points above the control's. Without a control, such a flag alone is enough.
    breaks: no such flag, and the worst case is at most 5 points above the control's at every radius, or the network is
    such a control itself.
    resists: no check is flagged, and at every radius the lower end of the interval of the worst case is 5 points above the
    upper end of the control's.
    inconclusive: anything else, as a network not shown to have learned, or one without a control whose gradient is not masked.

    Args:
        undefended: whether the network is its own control.
        uncompared: why there is no control, or what to do.
    """
    found = checked(evidence, control)
    shared = _on_shared_images(evidence, control)
    clean = float(evidence.clean.mean())
    rows = tuple(_at(evidence, shared, place) for place in range(len(evidence.eps)))
    kind, reasons = _decided(evidence, shared, clean, found, undefended, uncompared)
    return Verdict(kind, clean, rows, reasons, found)


def _decided(
    evidence: Evidence, shared: Pair | None, clean: float, found: dict[str, Found], undefended: bool, uncompared: str
) -> tuple[Kind, tuple[str, ...]]:
    if not above_chance(clean, len(evidence.labels), evidence.classes):
        ends = shown_and_needed(clean, len(evidence.labels), evidence.classes)
        reason = (
            f"The network is not shown to have learned (clean accuracy {clean:.2f}, {ends}): train it longer, or audit it on "
            "more images."
        )
        return Kind.INCONCLUSIVE, (reason,)
    flags = tuple(each.sentence for each in found.values() if each.flagged)
    about = _about(found)
    gains = [] if shared is None else [ours.astype(np.int64) - theirs for ours, theirs in zip(*shared, strict=True)]
    above = any(lower_bound(gain) > MARGIN for gain in gains)
    more = found["illusion"].value  # None without a control
    hidden = About.NAIVE_GRADIENT in about and not above and (more is None or more > 0)
    if About.ATTACKS in about:
        return Kind.MASKED, (MISLED, *flags)
    if found["illusion"].flagged or hidden:
        return Kind.MASKED, flags
    if shared is None and undefended:
        return Kind.BREAKS, ("It is undefended: other networks are compared with it.", *flags)
    if shared is None:
        return Kind.INCONCLUSIVE, (f"There is no control to compare with: {uncompared}.", *flags)
    largest, smallest = max(float(gain.mean()) for gain in gains), min(float(gain.mean()) for gain in gains)
    if largest <= MARGIN:
        points = 100 * largest
        kept = f"at least {-points:.1f} points less" if points < 0 else f"at most {points:.1f} points more"
        reason = f"Under the worst attack it keeps {kept} accuracy than its control, at every eps."
        return Kind.BREAKS, (reason, *flags)
    if not flags and all(_apart(ours, theirs) for ours, theirs in zip(*shared, strict=True)):
        kept = f"at least {100 * smallest:.1f} points more"
        reason = f"Under the worst attack it keeps {kept} accuracy than its control, at every eps."
        return Kind.RESISTS, (reason, "No check is flagged.")
    but = "a check is flagged" if flags else f"the two intervals are not {100 * MARGIN:.0f} points apart at every eps"
    reason = (
        f"Under the worst attack it keeps up to {100 * largest:.1f} points more accuracy than its control, but {but}."
    )
    return Kind.INCONCLUSIVE, (reason, *flags)


def _about(found: dict[str, Found]) -> set[About]:
    return {CHECKS[each.check].about for each in found.values() if each.flagged}


def _on_shared_images(evidence: Evidence, control: Evidence | None) -> Pair | None:
    """Return the worst case of both, (k, m), on the m images that both have; None where they differ in images or radii."""
    if control is None or control.eps != evidence.eps:
        return None
    shared = np.intersect1d(evidence.indices, control.indices)
    return (evidence.on(shared).worst_case, control.on(shared).worst_case) if len(shared) > 1 else None


def _at(evidence: Evidence, shared: Pair | None, place: int) -> AtRadius:
    left = evidence.worst_case[place]
    low, high = wilson(int(left.sum()), len(left))
    return AtRadius(
        evidence.eps[place],
        float(evidence.naive[place].mean()),
        float(left.mean()),
        low,
        high,
        None if shared is None else float(shared[1][place].mean()),
        _certified(evidence, place),
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
    part = evidence.on(evidence.indices[taken])
    eps = (0.0, part.eps[place])
    predictions = np.stack([part.predictions, np.where(part.worst_case[place], part.labels, -1)])
    held = np.stack([radii[taken] >= radius for radius in eps])
    return brackets(Outcomes(eps, part.indices, part.labels, predictions), held)[1].certified_accuracy


def _apart(ours: Bools, theirs: Bools) -> bool:
    """Tell whether the interval of ``ours`` is at least 5 points above that of ``theirs``."""
    low, _ = wilson(int(ours.sum()), len(ours))
    _, high = wilson(int(theirs.sum()), len(theirs))
    return low >= high + MARGIN
