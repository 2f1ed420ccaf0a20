"""How many seeds would decide what a few did not."""

from __future__ import annotations

from math import sqrt

from scipy.stats import t

from bench.comparison.paired import Effect

POWER = 0.8
MOST = 99


def seeds_needed(effect: Effect, distance: float, level: float) -> int | None:
    """Return the fewest seeds at which a one-sided test at ``level`` decides with a probability of 0.8.

        distance >= (t(1 - level; f_S) + t(0.8; f_S)) * s_S
        s_S^2 = v / S + c,   f_S = f (S - 1) / (S_0 - 1) * (1 + c S / v)^2

    where S is the number sought, S_0 that of ``effect``, c its ``shared_variance``, v the rest of its variance, times S_0,
    f the degrees of freedom of v, and t(q; f) is Student's quantile. The measured variances are taken for the true ones.

    Args:
        effect: measured at two seeds or more.
        distance: how far the difference is from the bound that is tested, in its unit.
        level: one-sided; half of that of a two-sided test.

    Returns:
        None where it takes more than 99, or where no number is enough: more seeds do not take the share of the images away.

    Source: Cohen 1988, "Statistical Power Analysis for the Behavioral Sciences", chapter 2, with the variances of
    ``PairedSamples.contrast``.
    """
    seeds, shared = len(effect.seeds), effect.shared_variance
    varying = (effect.se**2 - shared) * seeds
    freedom = effect.df / (1 + shared * seeds / varying) ** 2 / (seeds - 1) if varying > 0 else 0.0
    for count in range(2, MOST + 1):
        degrees = freedom * (count - 1) * (1 + shared * count / varying) ** 2 if varying > 0 else effect.df
        if distance >= (t.ppf(1 - level, degrees) + t.ppf(POWER, degrees)) * sqrt(max(0.0, varying) / count + shared):
            return count
    return None
