"""Simulated grids: predictions of networks at several seeds, with a planted difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bench.comparison.paired import PairedSamples, Sample

CURVE = np.linspace(0.75, 0.15, 8)
# How alike two trainings of one network find an image's difficulty; at 0.75 they disagree on one image in six.
ALIKE = 0.75


def grid(
    draw: np.random.Generator,
    differences: Sequence[float],
    *,
    seeds: int = 3,
    images: int = 785,
    deviation: float = 0.01,
    shared: float = 0.5,
    curve: NDArray[np.float64] = CURVE,
) -> NDArray[np.bool_]:
    """Return whether each image is classified correctly, shape (networks, seeds, radii, images).

    The accuracy of network r at seed s is ``curve`` + ``differences[r]`` plus a deviation of standard deviation
    ``deviation``, of whose variance ``shared`` is common to all networks of the seed: they share initial weights, order
    and, until the first pruning, the training itself. Images have a difficulty that all networks share in part.
    """
    difficulty = draw.normal(size=images)
    found = np.empty((len(differences), seeds, len(curve), images), bool)
    for seed in range(seeds):
        common = draw.normal(0, deviation * np.sqrt(shared))
        for network, difference in enumerate(differences):
            own = draw.normal(0, deviation * np.sqrt(1 - shared))
            sight = np.sqrt(ALIKE) * difficulty + np.sqrt(1 - ALIKE) * draw.normal(size=images)
            level = norm.ppf(np.clip(curve + difference + common + own, 0.001, 0.999))
            found[network, seed] = sight < level[:, None]
    return found


def samples(right: np.ndarray) -> PairedSamples:
    """Return the samples of the mean over radii of ``right``, as ``grid`` makes it; network 0 is the control."""
    images = np.arange(right.shape[-1])
    means = right.mean(axis=2)
    return PairedSamples(
        {str(n): {s: Sample(images, row) for s, row in enumerate(seeds)} for n, seeds in enumerate(means)}
    )
