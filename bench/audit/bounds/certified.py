"""Which images no attack in a ball can fool."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.attacks.ball import Radii
from bench.attacks.norms import LINF
from bench.datasets.base import Images, Labels
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.evaluation.referee import classes
from bench.records.outcomes import Floats

# The margin must exceed so many times the rounding that was seen at the image itself.
ROUNDING = 32


class Bounds(Protocol):
    """Lower bounds of a network's margins over balls in L-infinity: ``IntervalBounds`` or ``CrownBounds``.

    ``classifier``: the network as attacks see it, in float32.
    """

    classifier: Classifier

    def margins(self, images: Images, labels: Labels, eps: Radii) -> Floats:
        """Return a lower bound of logit y minus logit j over each ball, (n, classes), for the network in exact arithmetic.

        The entry at j = y is infinity. Arguments as in ``certified``.
        """


def certified(bounds: Bounds, images: Images, labels: Labels, eps: Radii) -> NDArray[np.bool_]:
    """Return which images are classified correctly everywhere in their balls, (n,).

        min over j != y of margin_j(eps + 1e-4) > 32 max over j of |margin_j(0) - m_j|

    where margin_j bounds logit y minus logit j from below and m_j is that difference as the network computes it in
    float32. The right side allows for the rounding of the network itself: it is measured, not proved (Szasz et al. 2025,
    arXiv:2506.01054, on how the two differ). 1e-4 of a level is what the referee allows an attack beyond its radius. At
    eps 0 an image is certified where it is classified correctly.

    Args:
        bounds: of the network.
        images: float32, (n, height, width, 3), pixel levels in [0, 255].
        labels: int64, (n,), the true classes.
        eps: float32, (n,), the radius of each ball in L-infinity, pixel levels. The ball is cut to the box [0, 255].

    Returns:
        False says nothing: the image may still be safe.

    Raises:
        BadInput: a shape, a pixel or a radius is out of its range.
        BenchError: a logit is NaN or infinite.
    """
    found = _right(bounds, images, labels, eps)
    tested = np.flatnonzero(found & (eps > 0))
    chosen = images[tested], labels[tested]
    found[tested] = _hold(bounds, *chosen, eps[tested], _rounding(bounds, *chosen))
    return found


def _right(bounds: Bounds, images: Images, labels: Labels, eps: Radii) -> NDArray[np.bool_]:
    """Return which images are classified correctly, after a check of all that was given."""
    if images.dtype != np.float32 or images.ndim != 4:
        raise BadInput(f"images {images.dtype} {images.shape}: expected float32 (n, height, width, 3); convert them")
    if not (images.min(initial=0) >= 0 and images.max(initial=0) <= 255):
        raise BadInput("images outside [0, 255]: expected pixel levels; do not standardise them, the network does")
    if labels.shape != (len(images),) or eps.shape != (len(images),):
        raise BadInput(
            f"labels {labels.shape} and eps {eps.shape}: expected {(len(images),)}, one for each image; repeat the radius"
        )
    if not (np.isfinite(eps).all() and eps.min(initial=0) >= 0):
        raise BadInput(f"eps from {eps.min():g} to {eps.max():g}: expected finite radii from 0; change --eps")
    return np.asarray(classes(bounds.classifier, images) == labels)


def _hold(bounds: Bounds, images: Images, labels: Labels, eps: Radii, rounding: Floats) -> NDArray[np.bool_]:
    if not len(images):
        return np.zeros(0, bool)
    beyond = np.array([LINF.slack(radius, images[0].size) for radius in eps])
    widened = np.nextafter((eps + beyond).astype(np.float32), np.float32(np.inf))
    return np.asarray(bounds.margins(images, labels, widened).min(axis=1) > rounding)


def _rounding(bounds: Bounds, images: Images, labels: Labels) -> Floats:
    """Return the difference that float32 may make to each image's margins, (n,)."""
    if not len(images):
        return np.zeros(0)
    exact = bounds.margins(images, labels, np.zeros(len(images), np.float32))
    logits = bounds.classifier.logits(images).astype(np.float64)
    computed = logits[np.arange(len(labels)), labels][:, None] - logits
    other = np.isfinite(exact)
    return np.asarray(
        ROUNDING * np.abs(np.subtract(exact, computed, where=other, out=np.zeros_like(exact))).max(axis=1)
    )
