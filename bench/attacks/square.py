"""The Square attack: random squares that raise the margin are kept. It needs logits alone, no gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.attacks.ball import Radii
from bench.attacks.base import Target, Threat
from bench.attacks.norms import LINF, Norm
from bench.attacks.search import Found, Search, Survivors, rows_of
from bench.datasets.base import Images, Labels
from bench.errors import BadInput
from bench.spec.limits import Range

QUERIES = Range("queries", 1, 1_000_000, whole=True)
# Fractions of the queries after which the fraction of the pixels in a square is halved.
HALVED_AT = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Square(Search):
    """Move random squares of each image to the edge of the ball, and keep those that raise the margin.

    The start is vertical stripes of +-eps. A square has the fraction p of the pixels, p from 0.8 down by halves. Each
    channel of it goes to +eps or -eps at random.
    Source: Andriushchenko et al. 2020, arXiv:1912.00049, algorithms 1 and 2 (L-infinity).
    """

    kind: ClassVar[str] = "square"
    norm: ClassVar[Norm] = LINF
    version: ClassVar[int] = 1

    queries: float = 1000

    def __post_init__(self) -> None:
        object.__setattr__(self, "queries", QUERIES.integer("queries of square", self.queries))

    @property
    def passes(self) -> tuple[int, int]:
        """No gradient, and its queries."""
        return 0, int(self.queries)

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""
        del trained_temperature
        return Threat("Square", f"black box, true labels, {self.queries} queries of the logits", None)

    def search(self, target: Target, images: Images, labels: Labels, eps: Radii, draw: np.random.Generator) -> Found:
        """Return the best image found in each ball, as ``Search`` asks.

        Raises:
            BadInput: the images have other than as many rows as columns.
        """
        if images.shape[1] != images.shape[2]:
            raise BadInput(f"square needs square images, received {images.shape[1]} x {images.shape[2]}: crop them")
        survivors = Survivors(images)
        radius = eps.reshape(-1, 1, 1, 1)
        stripes = draw.integers(0, 2, (len(images), 1, images.shape[2], 3)).astype(np.float32) * 2 - 1
        now = np.clip(images + radius * stripes, 0, 255)
        value = margins(target, now, labels)
        for query in range(int(self.queries)):
            left = survivors.drop(now, value > 0)
            if not left.all():
                images, labels, radius, now, value = rows_of(left, images, labels, radius, now, value)
            if not len(images) or query == int(self.queries) - 1:
                break
            tried = _with_squares(now, images, radius, _side(query / int(self.queries), images.shape[1]), draw)
            found = margins(target, tried, labels)
            better = found > value
            now[better], value[better] = tried[better], found[better]
        return survivors.found(now)


def margins(target: Target, images: Images, labels: Labels) -> NDArray[np.float32]:
    """Return the largest other logit minus the true one, shape (n,): above 0 the network is wrong."""
    logits = target.logits(images)
    rows = np.arange(len(labels))
    true = logits[rows, labels]
    others = logits.copy()
    others[rows, labels] = -np.inf
    return np.asarray(others.max(axis=1) - true)


def _side(done: float, size: int) -> int:
    """Return the side of a square in pixels after the fraction ``done`` of the queries."""
    pixels = 0.8 / 2 ** sum(done > each for each in HALVED_AT)
    return max(1, min(size, round(float(np.sqrt(pixels)) * size)))


def _with_squares(
    now: Images, images: Images, radius: NDArray[np.float32], side: int, draw: np.random.Generator
) -> Images:
    moved = now.copy()
    reach = images.shape[1] - side + 1
    corners = draw.integers(0, reach, (len(images), 2))
    signs = draw.integers(0, 2, (len(images), 1, 1, 3)).astype(np.float32) * 2 - 1
    for place, (top, left) in enumerate(corners):
        window = (slice(top, top + side), slice(left, left + side))
        moved[place][window] = np.clip(images[place][window] + radius[place] * signs[place], 0, 255)
    return moved
