"""The tests: exact ones on pairs, equivalence, and the correction for having looked more than once."""

from __future__ import annotations

from collections.abc import Mapping

from scipy.stats import binom, t


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided exact p of McNemar's test on paired images.

        p = min(1, 2 * P(X <= min(b, c))),  X ~ Binomial(b + c, 1/2)

    where b is ``gained``, the images that only the first network classifies rightly, and c is ``lost``, those that only
    the second does. Images on which both agree say nothing. 1 where there is no disagreement.
    Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions"; the exact form is
    the sign test on the discordant pairs.
    """
    if gained + lost == 0:
        return 1.0
    return min(1.0, 2 * float(binom.cdf(min(gained, lost), gained + lost, 0.5)))


def two_sided(difference: float, se: float, df: float) -> float:
    """Return the p of Student's t for ``difference`` with standard error ``se``; at ``se`` 0, 1 for no difference, else 0."""
    if se == 0:
        return float(difference == 0)
    return 2 * float(t.sf(abs(difference) / se, df))


def below(difference: float, se: float, df: float, bound: float) -> float:
    """Return the one-sided p of the claim that the true difference is below ``bound``, Student's t with ``df``."""
    if se == 0:
        return float(difference >= bound)
    return float(t.cdf((difference - bound) / se, df))


def tost(difference: float, se: float, df: float, margin: float) -> float:
    """Return the p of the claim that the true difference lies within ``margin`` of zero, by two one-sided tests.

        p = max(P(T <= (d - m) / s), P(T >= (d + m) / s)),  T ~ Student(df)

    where d is ``difference``, s is ``se`` and m is ``margin``, in the unit of d. Below 0.05 exactly where the 90 %
    interval of d lies inside (-m, m).
    Source: Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power approach for assessing the
    equivalence of average bioavailability".
    """
    return max(below(difference, se, df, margin), below(-difference, se, df, margin))


def holm(ps: Mapping[str, float]) -> dict[str, float]:
    """Return each p of a family corrected so that all of them hold together, by Holm's step-down method.

        q_(i) = max over j <= i of min(1, (m - j + 1) * p_(j))

    where p_(1) <= ... <= p_(m) are the values of ``ps`` in ascending order.
    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    corrected: dict[str, float] = {}
    reached = 0.0
    for place, name in enumerate(sorted(ps, key=lambda each: ps[each])):
        reached = max(reached, min(1.0, (len(ps) - place) * ps[name]))
        corrected[name] = reached
    return {name: corrected[name] for name in ps}
