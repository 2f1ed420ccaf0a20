"""The plain gradient of a logit."""

from __future__ import annotations

from bench.attacks.base import Target
from bench.attacks.losses import Logit
from bench.datasets.base import Images, Labels
from bench.records.outcomes import Indices


def gradient(network: Target, images: Images, labels: Labels, places: Indices) -> Images:
    """Return the gradient of the logit of the true class by the pixels.

        dz_y / dx

    Args:
        network: pixel levels to logits z.
        images: (n, height, width, 3), float32 pixel levels x.
        labels: (n,), the true classes y.
        places: not used.

    Returns:
        An array of the shape of ``images``. Unit: logit per pixel level.

    Source: Simonyan et al. 2014, arXiv:1312.6034, section 3.
    """
    del places
    return network.gradient(images, labels, Logit())
