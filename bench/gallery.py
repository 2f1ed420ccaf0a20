"""A few attacked images for a person to look at, taken while the weights are at hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.attacks.base import Attack, View
from bench.datasets.base import Split
from bench.evaluation import check
from bench.files import Arrays

SHOWN = (1.0, 4.0, 16.0)


def gallery(attack: Attack, view: View, images: Split, eps: Sequence[float]) -> Arrays:
    """Attack the first image of each class of ``images`` once more, at the radii 1, 4 and 16, and return what it looks like.

    Of radii ``eps`` that have none of these, the last is shown. For m images, k radii and c classes: ``clean`` uint8
    (m, h, w, 3); ``attacked`` uint8 (k, m, h, w, 3), rounded to whole levels; ``moved`` uint8 of that shape, the
    perturbation from -eps (0) to eps (255); ``logits`` float32 (k + 1, m, c), of the images before rounding, the clean ones
    first; ``eps`` (k,); ``labels`` (m,); ``names`` (m,). Raises Foul as ``judge`` does.
    """
    radii = [radius for radius in eps if radius in SHOWN] or [eps[-1]]
    _, places = np.unique(images.labels, return_index=True)
    clean, labels = images.images[places].astype(np.float32), images.labels[places]
    attacked = list(attack(view, clean.copy(), labels, radii))
    for radius, moved in zip(radii, attacked, strict=True):
        check(attack, clean, moved, radius)
    return {
        "clean": images.images[places],
        "attacked": np.stack([np.rint(each).astype(np.uint8) for each in attacked]),
        "moved": np.stack([_grey(each - clean, radius) for each, radius in zip(attacked, radii, strict=True)]),
        "logits": np.stack([view.logits(each) for each in (clean, *attacked)]),
        "eps": np.asarray(radii),
        "labels": labels,
        "names": np.asarray([images.names[place] for place in places]),
    }


def _grey(moved: np.ndarray, eps: float) -> np.ndarray:
    """Return a perturbation as pixel levels: 0 for -eps, 127 or 128 for none, 255 for eps."""
    scaled = 127.5 * (1 + moved / eps) if eps else np.full_like(moved, 127.5)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
