"""The checks of an audit: small functions from evidence to pass, flag or not applicable, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.audit.evidence import Access, Evidence
from bench.records.outcomes import lower_bound, wilson

AUDIT = "this suite"
CARLINI = "Carlini et al. 2019, arXiv:1902.06705"
ATHALYE = "Athalye et al. 2018, arXiv:1802.00420"
PINTOR = "Pintor et al. 2022, arXiv:2106.09947"
AUTOATTACK = "Croce & Hein 2020, arXiv:2003.01690"


class About(StrEnum):
    """What a check tells of: the gradient that a naive attack follows, the attacks of the battery, or accuracy."""

    NAIVE_GRADIENT = "naive gradient"
    ATTACKS = "attacks"
    ACCURACY = "accuracy"


class Result(StrEnum):
    """The result of a check."""

    PASS = "pass"
    FLAG = "flag"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Found:
    """The result of one check on one network.

    Args:
        check: its name.
        value: the number that was compared with the threshold; None where the check does not apply.
        sentence: the result in a sentence.
    """

    check: str
    result: Result
    value: float | None
    sentence: str

    @property
    def flagged(self) -> bool:
        """Whether the check found a fault."""
        return self.result is Result.FLAG


# (value, whether it is beyond the threshold, sentence); None where the check does not apply.
Measured = tuple[float, bool, str] | None
Measure = Callable[[Evidence, Evidence | None, float], Measured]


@dataclass(frozen=True)
class Check:
    """A check.

    Args:
        name: a few words.
        threshold: the number that ``measure`` compares with.
        about: what it tells of. Where it tells of the attacks, they failed, and the worst case is no evidence.
        source: where the rule comes from.
        measure: maps the evidence, that of the control (or None) and the threshold to what was measured.
    """

    name: str
    threshold: float
    about: About
    source: str
    measure: Measure

    def __call__(self, evidence: Evidence, control: Evidence | None = None) -> Found:
        """Return the result on ``evidence``, compared with the evidence of ``control`` where the rule asks for it."""
        measured = self.measure(evidence, control, self.threshold)
        if measured is None:
            return Found(self.name, Result.NOT_APPLICABLE, None, f"{self.name}: not applicable.")
        value, beyond, sentence = measured
        return Found(self.name, Result.FLAG if beyond else Result.PASS, value, sentence)


def illusion(evidence: Evidence) -> NDArray[np.int64]:
    """Return 1 where FGSM leaves an image correct that the worst case does not, else 0, (k, n)."""
    return evidence.naive.astype(np.int64) - (evidence.naive & evidence.worst_case)


def _repeatable(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
    values = evidence.known("repeat")
    if not len(values):
        return None
    largest = float(values.max())
    return (
        largest,
        largest > threshold,
        f"The same image gives logits that differ by at most {largest:.1g} of the largest.",
    )


def _zero(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
    values = evidence.known("zero")
    if not len(values):
        return None
    share = float((values == 1).mean())
    broken = evidence.not_finite
    words = f"The gradient of the cross-entropy is exactly zero on {100 * share:.1f} % of the images"
    return share, share > threshold or broken > 0, words + (f", and {broken} values are not finite." if broken else ".")


def _mean(probe: str, words: str, at_least: float | None = None) -> Measure:
    """Return the rule that the mean of ``probe`` is not below the threshold.

    With ``at_least`` it is the share of images where the probe is no less than that. ``words`` have a place for the percent.
    """

    def measure(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
        values = evidence.known(probe)
        if not len(values):
            return None
        mean = float((values if at_least is None else values >= at_least).mean())
        return mean, mean < threshold, words.format(100 * mean)

    return measure


def _slope(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
    taken = ~np.isnan(evidence.probe("repeat"))
    values = evidence.probe("slope")[taken]
    if not len(values):
        return None
    share = float(((values >= 0.5) & (values <= 2)).mean())  # NaN is outside: the gradient is zero
    return share, share < threshold, f"The margin changes as its gradient says on {100 * share:.0f} % of the images."


def _illusion(evidence: Evidence, control: Evidence | None, threshold: float) -> Measured:
    if control is None:
        return None
    own = illusion(evidence)
    shared = np.intersect1d(evidence.indices, control.indices)
    radii = [radius for radius in evidence.eps if radius in control.eps]
    if len(shared) < 2 or not radii:
        return None
    ours, theirs = illusion(evidence.on(shared)), illusion(control.on(shared))
    bounds = {
        radius: lower_bound(ours[evidence.eps.index(radius)] - theirs[control.eps.index(radius)]) for radius in radii
    }
    worst = max(bounds, key=lambda radius: bounds[radius])
    points, more = 100 * float(own[evidence.eps.index(worst)].mean()), 100 * bounds[worst]
    beyond = f"at least {more:.0f} points more than" if more > 0 else "not shown to be more than"
    words = f"FGSM overstates accuracy by {points:.0f} points at eps {worst:g}, {beyond} on the control."
    return bounds[worst], bounds[worst] > threshold, words


def _other_loss(stage: str, words: str, at_t: bool = False) -> Measure:
    """Return the rule that one step on the loss of ``stage`` takes hardly more than one on the cross-entropy at T = 1.

    ``words`` have places for the points, the radius and the network's T. A loss ``at_t`` is another only where T is not 1.
    """

    def measure(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
        naive, other = evidence.stage("fgsm"), evidence.stage(stage)
        if naive is None or other is None or (at_t and evidence.temperature == 1):
            return None
        gaps = {
            radius: lower_bound((naive.outcome[place] == 1).astype(int) - (other.outcome[place] == 1))
            for place, radius in enumerate(evidence.eps)
        }
        worst = max(gaps, key=lambda radius: gaps[radius])
        points = 100 * max(0.0, gaps[worst])
        return gaps[worst], gaps[worst] > threshold, words.format(points=points, eps=worst, t=evidence.temperature)

    return measure


def _without_gradient(access: Access, words: str) -> Measure:
    def measure(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
        stages = [each for each in evidence.stages if each.access is access]
        white = evidence.correct(Access.ONE_STEP, Access.WHITE_BOX)
        tried, missed = np.zeros_like(white), np.zeros_like(white)
        for each in stages:
            tried |= each.tried & white
            missed |= each.fooled & white
        # By image: one image at two radii is not two observations.
        many = int(tried.any(axis=0).sum())
        if not many:
            return None
        from scipy.stats import binomtest  # here, because the command line starts without it

        found = int(missed.any(axis=0).sum())
        p = float(binomtest(found, many, 0.01, alternative="greater").pvalue)
        beyond = found >= max(3, 0.01 * many) and p < threshold
        return p, beyond, f"{words} fools {found} of {many} images that every gradient attack missed (p {p:.2g})."

    return measure


def _weaker_search(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
    one = np.zeros(evidence.worst_case.shape, bool)
    for each in evidence.stages:
        if each.access is Access.ONE_STEP:
            one |= each.fooled
    many = evidence.correct(Access.WHITE_BOX)
    missed = one & many
    share = float(missed.mean(axis=1).max())
    return (
        share,
        share > threshold,
        f"On {100 * share:.1f} % of the images one step fools the network, and attacks of many steps do not.",
    )


def _rises(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
    if len(evidence.eps) < 2:
        return None
    naive = evidence.naive.astype(int)
    rise = max(lower_bound(after - before, len(naive) - 1) for before, after in pairwise(naive))
    return rise, rise > threshold, f"FGSM accuracy rises with eps by at least {100 * max(0.0, rise):.0f} points."


def _longer(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
    if "longer" not in evidence.probes:
        return None
    # It starts from what attacks of many steps left. An image that another stage fooled is lost already.
    taken = (evidence.probe("longer") == 0) & evidence.worst_case[0]
    share = float(taken.mean())
    return share, share > threshold, f"Twice the steps take {100 * share:.1f} points more."


def _half_range(evidence: Evidence, _control: Evidence | None, threshold: float) -> Measured:
    values = evidence.known("half range")
    if not len(values):
        return None
    low, _ = wilson(int(values.sum()), len(values))
    chance = threshold / evidence.classes
    accuracy = float(values.mean())
    return low, low > chance, f"At half the range of pixels {100 * accuracy:.0f} % of the images stay correct."


CHECKS = {
    each.name: each
    for each in (
        Check("repeatable logits", 1e-5, About.ATTACKS, CARLINI, _repeatable),
        Check("zero gradients", 0.01, About.NAIVE_GRADIENT, f"{AUTOATTACK}; {PINTOR}", _zero),
        Check(
            "agreement of signs",
            0.9,
            About.NAIVE_GRADIENT,
            AUDIT,
            _mean("agreement", "The gradient's signs agree with those of rescaled logits on {:.0f} % of the pixels."),
        ),
        Check(
            "gradient",
            0.9,
            About.ATTACKS,
            AUDIT,
            _mean("explained", "The gradient explains how the margin changes on {:.0f} % of the images.", at_least=0.5),
        ),
        Check("slope", 0.9, About.ATTACKS, f"{ATHALYE}; the bounds are {AUDIT}'s", _slope),
        Check("illusion", 0.05, About.ACCURACY, AUDIT, _illusion),
        Check(
            "margin step",
            0.05,
            About.NAIVE_GRADIENT,
            AUTOATTACK,
            _other_loss(
                "fgsm on margin",
                "One step on the logit margin takes at least {points:.0f} points more than one on the cross-entropy, at eps "
                "{eps:g}.",
            ),
        ),
        Check(
            "known temperature",
            0.05,
            About.NAIVE_GRADIENT,
            CARLINI,
            _other_loss(
                "fgsm at T",
                "FGSM that knows T = {t:g} takes at least {points:.0f} points more, at eps {eps:g}.",
                at_t=True,
            ),
        ),
        Check(
            "no gradients",
            0.01,
            About.ATTACKS,
            f"{CARLINI}; {ATHALYE}",
            _without_gradient(Access.BLACK_BOX, "Search without gradients"),
        ),
        Check(
            "transfer",
            0.01,
            About.ATTACKS,
            f"{CARLINI}; {ATHALYE}",
            _without_gradient(Access.TRANSFER, "Transfer from the control"),
        ),
        Check("many steps", 0.02, About.ATTACKS, f"{CARLINI}; {ATHALYE}", _weaker_search),
        Check("rise with eps", 0.0, About.ACCURACY, CARLINI, _rises),
        Check("twice the steps", 0.01, About.ACCURACY, f"{CARLINI}; {PINTOR}", _longer),
        Check("half the range", 1.0, About.ATTACKS, CARLINI, _half_range),
        Check(
            "planted images",
            0.95,
            About.ATTACKS,
            "Zimmermann et al. 2022, arXiv:2206.13991",
            _mean("planted", "The attack finds {:.0f} % of adversarial images that were planted."),
        ),
    )
}


def flagged(found: Mapping[str, Found], *about: About) -> list[Found]:
    """Return the results of ``found`` that are flags, of the checks that tell of ``about``, or of all."""
    return [each for each in found.values() if each.flagged and (not about or CHECKS[each.check].about in about)]


def checked(evidence: Evidence, control: Evidence | None = None) -> dict[str, Found]:
    """Return the result of every check by its name."""
    return {name: check(evidence, control) for name, check in CHECKS.items()}
