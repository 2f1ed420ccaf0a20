"""What several attacks on one network share: the same images at the same radii, so that their outcomes can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np

from bench.comparison.outcomes import Indices, Outcomes


def shared(attacks: Mapping[str, Outcomes]) -> dict[str, Outcomes]:
    """Return the outcomes of each of ``attacks``, by its text, on the images and at the radii that all of them have."""
    images = common_images(attacks)
    first = next(iter(attacks.values()))
    radii = tuple(radius for radius in first.eps if all(radius in each.eps for each in attacks.values()))
    return {name: part(each, images, radii) for name, each in attacks.items()}


def common_images(attacks: Mapping[str, Outcomes]) -> Indices:
    """Return the indices, ascending, of the images that all of ``attacks`` have."""
    return reduce(np.intersect1d, [each.indices for each in attacks.values()])


def part(outcomes: Outcomes, images: Indices, radii: tuple[float, ...]) -> Outcomes:
    """Return ``outcomes`` on ``images`` and at ``radii`` alone, all of which it has."""
    places = np.searchsorted(outcomes.indices, images)
    rows = [outcomes.eps.index(radius) for radius in radii]
    return Outcomes(radii, images, outcomes.labels[places], outcomes.predictions[rows][:, places])
