"""How much the choice of the images moves a mean at one seed, and the means at two seeds together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.records.outcomes import Floats, Indices


def image_variance(rows: Sequence[tuple[Indices, Floats]]) -> tuple[Floats, Floats]:
    """Return the variance that images give the mean at one seed, and the covariance that they give two seeds' means.

        a = mean over seeds s of       sum_i (v_si - m_s)^2 / n_s^2
        c = mean over seeds s < s' of  sum_i (v_si - m_s)(v_s'i - m_s') / (n_s n_s'),   over the images i of both

    where v_si is the number of image i at seed s, m_s the mean of seed s, and n_s its number of images.

    Args:
        rows: for each seed, the indices (n,) of its images, ascending, and k numbers an image (k, n).

    Returns:
        a and c, each (k,). c is 0 at one seed.
    """
    centred = [(values - values.mean(axis=1, keepdims=True)) / values.shape[1] for _, values in rows]
    squares = np.sum([(each**2).sum(axis=1) for each in centred], axis=0)
    total = np.zeros((len(centred[0]), 1 + max(int(images[-1]) for images, _ in rows)))
    for (images, _), each in zip(rows, centred, strict=True):
        total[:, images] += each
    pairs = len(rows) * (len(rows) - 1)
    return squares / len(rows), ((total**2).sum(axis=1) - squares) / pairs if pairs else np.zeros(len(total))
