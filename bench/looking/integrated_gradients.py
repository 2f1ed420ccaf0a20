"""Integrated gradients: what each pixel adds to a logit on the way from a black image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.attacks.base import Target
from bench.attacks.losses import Logit
from bench.datasets.base import Images, Labels
from bench.records.outcomes import Indices

STEPS = 64


def integrated_gradients(network: Target, images: Images, labels: Labels, places: Indices) -> Images:
    """Return what each pixel adds to the true logit on the straight way from black to the image.

        (x - x') * integral over a in [0, 1] of dz_y / dx at x' + a (x - x'),   x' = 0

    The integral is a sum over the middles of 64 equal parts.

    Args:
        network: pixel levels to logits z.
        images: (n, height, width, 3), float32 pixel levels x.
        labels: (n,), the true classes y.
        places: not used.

    Returns:
        An array of the shape of ``images``. Unit: logit. Its sum over an image is z_y(x) - z_y(x'), but for the coarseness
        of the sum.

    Source: Sundararajan et al. 2017, arXiv:1703.01365, equations 1 and 3, with its black image for the start.
    """
    del places
    total = np.zeros(images.shape)
    for step in range(STEPS):
        total += network.gradient(images * np.float32((step + 0.5) / STEPS), labels, Logit())
    return np.asarray(images * total / STEPS, np.float32)


def incompleteness(network: Target, images: Images, labels: Labels, attributions: Images) -> NDArray[np.float64]:
    """Return by which part the sum of ``attributions`` misses the difference of the true logit, one number an image.

    |sum - d| / |d|,   d = z_y(x) - z_y(x')
    """
    rows = np.arange(len(labels))
    logits = network.logits(images).astype(np.float64)[rows, labels]
    start = network.logits(np.zeros_like(images)).astype(np.float64)[rows, labels]
    expected = logits - start
    found = attributions.astype(np.float64).sum(axis=(1, 2, 3))
    return np.asarray(np.abs(found - expected) / np.maximum(np.abs(expected), 1e-12))
