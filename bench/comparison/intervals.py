"""Intervals of means over seeds and images, by a hierarchical bootstrap."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from math import sqrt

import numpy as np
from scipy.stats import norm, t

from bench.comparison.image_variance import image_variance
from bench.records.outcomes import Floats, Indices

DRAWS = 1000
MANY = 30
UPPER = 0.975  # of the 95 % interval
NAME = "hierarchical bootstrap over seeds and images"


@dataclass(frozen=True)
class Means:
    """Means over seeds with their intervals, each an array (k,).

    Args:
        deviation: the standard deviation over seeds of the mean at a seed; None at one seed, where the interval covers images
            alone.
    """

    mean: Floats
    low: Floats
    high: Floats
    deviation: Floats | None


def hierarchical(rows: Sequence[tuple[Indices, Floats]], draws: int = DRAWS) -> Means:
    """Return the mean over seeds of k numbers an image, with intervals for new seeds and new images.

    Each repetition draws seeds with replacement, and gives each image a weight from Poisson(1), the same for all seeds that
    share the image. The repetition's mean differs from the measured one by

        f * sum_s (u_s / S) (m_s - m)  +  sum_s (u_s / S) (m_s* - m_s)

    where u_s counts how often seed s was drawn, m_s is its mean, m_s* its mean over the weighted images and m the mean of
    the m_s. The interval goes from the 2.5 % quantile of the repetitions to the 97.5 % one.

    Args:
        rows: for each of S seeds, the indices (n,) of its images and their numbers (k, n).
        draws: the number of repetitions.

    Departures: the factor f shrinks the deviations of the m_s to the part that images do not explain, which would
    otherwise be counted twice. It stretches them by sqrt(S / (S - 1)) and by the ratio of Student's quantile at S - 1
    degrees of freedom to the normal one; without that, three seeds give intervals far too short. The draw has a fixed
    seed. Beyond 30 seeds nothing is drawn: see ``_over_many``.
    Sources: Davison & Hinkley 1997, "Bootstrap Methods and their Application", section 3.8 (hierarchical data); Owen
    2007, "The pigeonhole bootstrap" (crossed draws and product weights); Rao & Wu 1988 for the factor S / (S - 1).
    """
    seeds = len(rows)
    means = np.stack([values.mean(axis=1) for _, values in rows])
    mean = means.mean(axis=0)
    total, shared = image_variance(rows)
    if seeds > MANY:
        return _over_many(means, total, shared)
    drawn = _image_parts(rows, draws)
    counts = np.full((draws, 1), 1.0)
    scaled = np.zeros_like(means)
    deviation = None
    if seeds > 1:
        counts = _generator("seeds").multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
        deviation = means.std(axis=0, ddof=1)
        between = np.maximum(0, deviation**2 - np.maximum(0, total - shared))
        kept = np.sqrt(np.divide(between, deviation**2, out=np.zeros_like(between), where=deviation > 0))
        stretch = sqrt(seeds / (seeds - 1)) * float(t.ppf(UPPER, seeds - 1) / norm.ppf(UPPER))
        scaled = stretch * kept * (means - mean)
    repeated = mean + counts @ scaled + np.einsum("bs,bsk->bk", counts, drawn)
    low, high = np.quantile(repeated, [1 - UPPER, UPPER], axis=0)
    return Means(mean, np.minimum(low, mean), np.maximum(high, mean), deviation)


def _over_many(means: Floats, total: Floats, shared: Floats) -> Means:
    """Return the mean of ``means`` (S, k) with Student's interval, which the drawn one approaches for many seeds.

        variance = max(s^2, a - c) / S + c

    where s^2 is the variance of ``means`` over seeds, and a (``total``) and c (``shared``) are those of ``image_variance``.
    Where all seeds have the same images, the two intervals agree to a few percent. Where each has its own, the drawn one
    is longer by up to a third, because seeds drawn twice count a - c twice.
    """
    seeds, mean = len(means), means.mean(axis=0)
    variance = means.var(axis=0, ddof=1)
    single = np.maximum(0, total - shared)
    se = np.sqrt(np.maximum(variance, single) / seeds + np.maximum(0, shared))
    half = float(t.ppf(UPPER, seeds - 1)) * se
    return Means(mean, mean - half, mean + half, np.sqrt(variance))


def _image_parts(rows: Sequence[tuple[Indices, Floats]], draws: int) -> Floats:
    """Return m_s* - m_s for each repetition, seed and number, shape (draws, S, k)."""
    union = reduce(np.union1d, [images for images, _ in rows])
    weights = _weights(len(union), draws)
    parts = []
    for images, values in rows:
        own = weights if len(images) == len(union) else weights[np.searchsorted(union, images)]
        weight, mean = own.sum(axis=0), values.mean(axis=1)
        # A draw that gives a few images no weight at all leaves their mean as it is.
        means = np.divide(values @ own, weight, out=np.repeat(mean[:, None], draws, axis=1), where=weight > 0)
        parts.append(means.T - mean)
    return np.stack(parts, axis=1)


@lru_cache(maxsize=4)
def _weights(images: int, draws: int) -> Floats:
    # One image a row, so that a seed's images are whole rows. In float64: its rounding differs between processors, but
    # not in the nine digits that a report writes.
    drawn = _generator("images").poisson(1.0, (draws, images))
    return np.ascontiguousarray(drawn.T, dtype=np.float64)


def _generator(part: str) -> np.random.Generator:
    return np.random.default_rng(list(hashlib.sha256(f"{NAME}/{part}".encode()).digest()))
