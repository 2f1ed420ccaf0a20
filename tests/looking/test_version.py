"""Golden figures of a look, on a target in numpy: a number that moves needs a new version of the look."""

from __future__ import annotations

import numpy as np
import pytest
from targets import fixed

from bench.looking.agreement import overlap, rank_correlation
from bench.looking.ascent import Ascent
from bench.looking.class_image import class_image
from bench.looking.images_looked_at import looked_at
from bench.looking.saliency import SALIENCIES, saliency
from bench.looking.version import CLASS_IMAGE, LOOK

# version -> kind of map -> its mean, and rank correlation and overlap with the map of another network, in the mean.
GOLDEN = {
    1: {
        "gradient": (0.0032353858, 0.30888031, 0.2),
        "SmoothGrad": (0.0031047331, 0.27196911, 0.2),
        "integrated gradients": (0.6126256, 0.23068211, 0.3),
    },
}
IMAGES = {1: [2, 11, 13, 20, 24, 37]}
# version -> the logit of class 1 after 0, 1, 2, 3, 4 and 6 steps from noise.
ASCENT = {1: [-1.0935000, -1.2145849, -1.1592416, -1.2492485, -1.0729052, 1.2622543]}


def test_the_numbers_of_a_version_do_not_move() -> None:
    network, images, labels = fixed()
    found = {}
    for kind, attribute in SALIENCIES.items():
        first, other = (saliency(attribute(each, images, labels, np.arange(5))) for each in (network, network.source))
        found[kind] = (first.mean(), rank_correlation(first, other).mean(), overlap(first, other).mean())
    assert found.keys() == GOLDEN[LOOK].keys()
    for kind, numbers in found.items():
        assert numbers == pytest.approx(GOLDEN[LOOK][kind], rel=1e-4), kind


def test_the_ascent_of_a_version_does_not_move() -> None:
    network, images, _ = fixed()
    found = class_image(network, 1, images.shape[1:], Ascent(steps=6))
    assert found.logits == pytest.approx(ASCENT[CLASS_IMAGE], rel=1e-4)


def test_the_images_of_a_version_stay_the_same() -> None:
    assert looked_at(np.arange(40) % 4, 6).tolist() == IMAGES[LOOK]
