"""A bracket around the accuracy that no attack can lower: certified from below, attacked from above, on the same images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import BadInput, BenchError
from bench.records.outcomes import Outcomes


class Contradiction(BenchError):
    """An image is certified in a ball and fooled in it: the bound or the attack is wrong."""


@dataclass(frozen=True)
class Bracket:
    """What is known of the robust accuracy at one radius: it lies between two counted accuracies.

    Args:
        eps: the radius in L-infinity, pixel levels.
        images: the number of images, above 0.
        certified: how many of them no attack can fool.
        attacked: how many of them the attacks did not fool, at least ``certified``.
    """

    eps: float
    images: int
    certified: int
    attacked: int

    @property
    def certified_accuracy(self) -> float:
        """The lower end, in [0, 1]."""
        return self.certified / self.images


def brackets(attacked: Outcomes, certified: NDArray[np.bool_]) -> tuple[Bracket, ...]:
    """Return the bracket at each of the k radii of ``attacked``, in their order.

        lower(e) = share of images certified at some e' >= e
        upper(e) = share of images correct at every e' <= e

    over the k radii e', since a ball contains the smaller ones.

    Args:
        attacked: the worst case of L-infinity attacks on n > 0 images.
        certified: (k, n), which of the images are certified at which of the radii.

    Raises:
        BadInput: ``certified`` has another shape.
        Contradiction: an image is certified at a radius and fooled at it or below.
    """
    if certified.shape != attacked.right.shape:
        raise BadInput(
            f"certificates of shape {certified.shape}: expected {attacked.right.shape}, the radii and images of the attack; "
            "certify the attacked images at the attacked radii"
        )
    order = np.argsort(attacked.eps)
    safe, right = np.empty_like(certified), np.empty_like(attacked.right)
    safe[order] = np.logical_or.accumulate(certified[order][::-1])[::-1]
    right[order] = np.logical_and.accumulate(attacked.right[order])
    if (safe & ~right).any():
        row, place = np.argwhere(safe & ~right)[0]
        raise Contradiction(
            f"image {attacked.indices[place]} is certified at eps {attacked.eps[row]:g} and fooled within it: expected at most "
            "one of the two; check that both had the same weights and images, then report the image: one of the two is wrong"
        )
    counts = zip(attacked.eps, safe.sum(axis=1), right.sum(axis=1), strict=True)
    return tuple(Bracket(eps, certified.shape[1], int(lower), int(upper)) for eps, lower, upper in counts)
