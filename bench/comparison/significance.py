"""Significance tests: McNemar, Student, equivalence, and Holm's correction."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from scipy.stats import binomtest, t

Key = TypeVar("Key", bound=Hashable)


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided exact p of McNemar's test on paired images; 1 where the networks never disagree.

        p = min(1, 2 * P(X <= min(b, c))),  X ~ Binomial(b + c, 1/2)

    where b is ``gained``, the images that only the first network classifies correctly, and c is ``lost``, those that only
    the second does.
    Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions". The exact form is
    the sign test on the discordant pairs.
    """
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def below(difference: float, se: float, df: float, bound: float, images: int) -> float:
    """Return the one-sided p of the claim that the true difference is below ``bound``: of Student's t, or what images allow.

        p = max(P(T <= (d - b) / s), ((1 - b) / (1 - d))**n),  T ~ Student(df)

    where d is ``difference``, s is ``se``, b is ``bound`` and n is ``images``. The second is the chance that n images all
    have the difference d, where the true one is b because a share of images have 1, the largest difference. It is what is
    left where they vary so little that s is near 0; ``unseen`` has its bounds. For d = 0 and p = 0.05, it says that b is about
    3 / n.
    Source: Hanley & Lippman-Hand 1983, "If nothing goes wrong, is everything all right?" (the rule of three).
    """
    by_student = float(t.cdf((difference - bound) / se, df)) if se else float(difference >= bound)
    by_images = ((1 - bound) / (1 - difference)) ** images if difference < bound < 1 else 0.0
    return max(by_student, by_images)


def tost(difference: float, se: float, df: float, margin: float, images: int) -> float:
    """Return the p of the claim that the true difference is within ``margin`` of zero, by two one-sided tests.

        p = max(P(T <= (d - m) / s), P(T >= (d + m) / s)),  T ~ Student(df)

    where d is ``difference``, s is ``se`` and m is ``margin``, in the unit of d; each is no smaller than ``images`` allow.
    It is below 0.05 exactly where the 90 % interval of d is inside (-m, m).
    Source: Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power approach for assessing the
    equivalence of average bioavailability".
    """
    return max(below(difference, se, df, margin, images), below(-difference, se, df, margin, images))


def holm(ps: Mapping[Key, float]) -> dict[Key, float]:
    """Return each p of a family corrected for the size of the family, by Holm's step-down method.

        q_(i) = max over j <= i of min(1, (m - j + 1) * p_(j))

    where p_(1) <= ... <= p_(m) are the values of ``ps`` in ascending order.
    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    corrected: dict[Key, float] = {}
    reached = 0.0
    for place, name in enumerate(sorted(ps, key=lambda each: ps[each])):
        reached = max(reached, min(1.0, (len(ps) - place) * ps[name]))
        corrected[name] = reached
    return {name: corrected[name] for name in ps}
