"""Which validation images a look takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Labels
from bench.spec.hashed import hashed


def looked_at(labels: Labels, images: int) -> NDArray[np.int64]:
    """Return the places, ascending, of ``images`` validation images, as many of each class as possible.

    They are the same for every network, and those of a smaller number are among those of a larger one.
    """
    order = np.random.default_rng(hashed("look", 32)).permutation(len(labels))
    mixed = labels[order]
    turn = np.zeros(len(mixed), np.int64)  # each image's number within its class
    for each in np.unique(mixed):
        turn[mixed == each] = np.arange((mixed == each).sum())
    return np.sort(order[np.lexsort((mixed, turn))][:images])
