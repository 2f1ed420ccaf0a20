"""How far a mean over seeds can be believed: seeds and images drawn again, and told apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from scipy.stats import norm, t

from bench.records.outcomes import Floats, Indices

DRAWS = 1000
MANY = 30
NAME = "hierarchical bootstrap over seeds and images"


@dataclass(frozen=True)
class Means:
    """Means over seeds with their intervals, each an array (k,).

    ``deviation``: the standard deviation of the mean at a seed over the seeds. ``seed_variance``: the part of its
    square that images do not explain. ``image_variance``: what the mean at one seed varies by over draws of images.
    ``deviation`` and ``seed_variance`` are None at one seed, where the interval covers images alone.
    """

    mean: Floats
    low: Floats
    high: Floats
    image_variance: Floats
    deviation: Floats | None
    seed_variance: Floats | None


def hierarchical(rows: Sequence[tuple[Indices, Floats]], confidence: float = 0.95, draws: int = DRAWS) -> Means:
    """Return the mean over seeds of k numbers an image, with intervals for new seeds and new images.

    ``rows`` has, for each of S seeds, the indices (n,) of its images and their numbers (k, n). In each of ``draws``
    repetitions seeds are drawn with replacement, and images, the same for all seeds that share them, each with a weight
    from Poisson(1). The repetition's mean differs from the measured one by

        f * sum_s (u_s / S) (m_s - m)  +  sum_s (u_s / S) (m_s* - m_s)

    where u_s counts how often seed s was drawn, m_s is its mean, m_s* its mean over the weighted images and m the mean of
    the m_s. The interval goes from the quantile at (1 - ``confidence``) / 2 of the repetitions to the one opposite.
    Departures: f shrinks the deviations of the m_s to the part that images do not explain, which would else be counted
    twice, and stretches them by sqrt(S / (S - 1)) and by the ratio of Student's quantile at S - 1 degrees of freedom to
    the normal one, without which three seeds give intervals far too short. Deterministic: the draw is seeded by its name.
    Beyond 30 seeds nothing is drawn: ``_over_many`` has what is done instead.
    Sources: Davison & Hinkley 1997, "Bootstrap Methods and their Application", section 3.8 (hierarchical data); Owen
    2007, "The pigeonhole bootstrap" (crossed draws and product weights); Rao & Wu 1988 for the factor S / (S - 1).
    """
    seeds = len(rows)
    means = np.stack([values.mean(axis=1) for _, values in rows])
    mean = means.mean(axis=0)
    total, shared = _image_variances(rows)
    if seeds > MANY:
        return _over_many(means, total, shared, confidence)
    drawn = _image_parts(rows, draws)
    counts = np.full((draws, 1), 1.0)
    scaled = np.zeros_like(means)
    deviation = between = None
    if seeds > 1:
        counts = _generator("seeds").multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
        deviation = means.std(axis=0, ddof=1)
        between = np.maximum(0, deviation**2 - np.maximum(0, total - shared))
        kept = np.sqrt(np.divide(between, deviation**2, out=np.zeros_like(between), where=deviation > 0))
        quantile = (1 + confidence) / 2
        stretch = sqrt(seeds / (seeds - 1)) * float(t.ppf(quantile, seeds - 1) / norm.ppf(quantile))
        scaled = stretch * kept * (means - mean)
    repeated = mean + counts @ scaled + np.einsum("bs,bsk->bk", counts, drawn)
    low, high = np.quantile(repeated, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return Means(mean, np.minimum(low, mean), np.maximum(high, mean), total, deviation, between)


def _over_many(means: Floats, total: Floats, shared: Floats, confidence: float) -> Means:
    """Return the mean of ``means`` (S, k), with the interval that drawing comes to where seeds are many.

    A mean over so many is normal, and the interval is Student's with the same variances,

        max(s^2, a - c) / S + c

    where s^2 is the variance of ``means``, a (``total``) that which images give one of them, and c (``shared``) what they
    give two in common. Where all seeds have the same images the two agree to a few percent; where each has its own,
    drawing is the longer by up to a third, since seeds drawn twice count a - c twice.
    """
    seeds, mean = len(means), means.mean(axis=0)
    variance = means.var(axis=0, ddof=1)
    single = np.maximum(0, total - shared)
    se = np.sqrt(np.maximum(variance, single) / seeds + np.maximum(0, shared))
    half = float(t.ppf((1 + confidence) / 2, seeds - 1)) * se
    return Means(mean, mean - half, mean + half, total, np.sqrt(variance), np.maximum(0, variance - single))


def _image_parts(rows: Sequence[tuple[Indices, Floats]], draws: int) -> Floats:
    """Return m_s* - m_s for each repetition, seed and number, shape (draws, S, k)."""
    union = rows[0][0]
    for images, _ in rows[1:]:
        union = union if np.array_equal(union, images) else np.union1d(union, images)
    weights = _weights(len(union), draws)
    parts = []
    for images, values in rows:
        own = weights if len(images) == len(union) else weights[np.searchsorted(union, images)]
        means = values @ own / own.sum(axis=0)
        parts.append(means.T - values.mean(axis=1))
    return np.stack(parts, axis=1)


def _image_variances(rows: Sequence[tuple[Indices, Floats]]) -> tuple[Floats, Floats]:
    """Return the variance of a seed's mean over images, and the covariance of two seeds' means, each (k,)."""
    centred = [(values - values.mean(axis=1, keepdims=True)) / values.shape[1] for _, values in rows]
    squares = np.sum([(each**2).sum(axis=1) for each in centred], axis=0)
    total = np.zeros((len(centred[0]), 1 + max(int(images[-1]) for images, _ in rows)))
    for (images, _), each in zip(rows, centred, strict=True):
        total[:, images] += each
    pairs = len(rows) * (len(rows) - 1)
    return squares / len(rows), ((total**2).sum(axis=1) - squares) / pairs if pairs else np.zeros(len(total))


@lru_cache(maxsize=4)
def _weights(images: int, draws: int) -> Floats:
    # An image a row: a seed takes its images' weights out of it in one piece each. In float64, whose rounding, other on
    # another processor, does not reach the nine digits that a report writes.
    drawn = _generator("images").poisson(1.0, (draws, images))
    return np.ascontiguousarray(drawn.T, dtype=np.float64)


def _generator(part: str) -> np.random.Generator:
    return np.random.default_rng(list(hashlib.sha256(f"{NAME}/{part}".encode()).digest()))
