"""How far two saliency maps of one image agree."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from bench.datasets.base import Images
from bench.looking.limits import TOP_SHARE
from bench.records.outcomes import Floats


def rank_correlation(first: Images, second: Images) -> Floats:
    """Return Spearman's rank correlation over the pixels of each pair of maps, (n,); NaN where a map is constant.

    Args:
        first: (n, height, width).
        second: of the same shape.
    """
    ranks = [rankdata(each.reshape(len(each), -1), axis=1) for each in (first, second)]
    a, b = (each - each.mean(axis=1, keepdims=True) for each in ranks)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.asarray(np.divide((a * b).sum(axis=1), scale, out=np.full(len(a), np.nan), where=scale > 0))


def overlap(first: Images, second: Images) -> Floats:
    """Return which part of the top 5 % of the pixels two maps share, (n,), in [0, 1]; NaN where a map is constant.

    Two unrelated maps share 5 % of them on average. Of equal values the first pixel counts as the larger.

    Args:
        first: (n, height, width).
        second: of the same shape.
    """
    flat = [each.reshape(len(each), -1) for each in (first, second)]
    count = max(1, round(TOP_SHARE * flat[0].shape[1]))
    tops = [np.argsort(-each, axis=1, kind="stable")[:, :count] for each in flat]
    shared = np.array([len(np.intersect1d(a, b)) / count for a, b in zip(*tops, strict=True)])
    constant = np.any([np.ptp(each, axis=1) == 0 for each in flat], axis=0)
    return np.where(constant, np.nan, shared)
