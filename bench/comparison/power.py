"""How many seeds would decide what a few did not."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
from scipy.stats import t

from bench.comparison.paired import Effect

POWER = 0.8
MOST = 99


def seeds_needed(effect: Effect, distances: Sequence[float], level: float) -> int | None:
    """Return the fewest seeds at which one-sided tests against all bounds pass together with a probability of 0.8.

        sum over bounds b of P(T > distance_b / s_S - t(1 - level)) <= 0.2,   T ~ Student(f_S)
        s_S^2 = v / S + c,   v = S_0 (s^2 - c),   f_S = f (S - 1) / (S_0 - 1) * (1 + c S / v)^2

    where S is the number sought, S_0 that of ``effect``, s its standard error, c its ``shared_variance``, f the degrees of
    freedom of v, and t(q) the quantile of T. What was measured is taken for the truth, and the other networks of the design
    are taken to get as many seeds. With two bounds, as in a test of equivalence, the probabilities to miss are added.

    Args:
        effect: measured at two seeds or more.
        distances: how far the difference is inside each bound, in its unit.
        level: one-sided; half of that of a two-sided test.

    Returns:
        None where it takes more than 99, or where no number is enough: more seeds do not take the share of the images away,
        and so few images may not show so short a distance at all.

    Departure: Student's distribution, shifted, stands for the noncentral one.
    Source: Cohen 1988, "Statistical Power Analysis for the Behavioral Sciences", chapter 2, with the variances of
    ``PairedSamples.contrast``.
    """
    if any(max(0.0, 1 - distance) ** effect.images > level for distance in distances):
        return None
    seeds, shared = len(effect.seeds), effect.shared_variance
    varying = max(0.0, effect.se**2 - shared) * seeds
    counts = np.arange(2, MOST + 1)
    ratio = shared / varying if varying else inf
    df = np.full(len(counts), effect.df)
    if varying:
        df = effect.df / (1 + ratio * seeds) ** 2 * (counts - 1) / (seeds - 1) * (1 + ratio * counts) ** 2
    se = np.sqrt(varying / counts + shared)
    critical = t.ppf(1 - level, df)
    with np.errstate(divide="ignore"):  # an se of 0: what is certain
        missed = sum(t.sf(distance / se - critical, df) for distance in distances)
    enough = np.flatnonzero(missed <= 1 - POWER)
    return int(counts[enough[0]]) if min(distances) > 0 and len(enough) else None
