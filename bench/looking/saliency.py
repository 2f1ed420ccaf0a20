"""The table of saliency maps: which pixels a network looks at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.attacks.base import Target
from bench.datasets.base import Images, Labels
from bench.looking.gradient import gradient
from bench.looking.integrated_gradients import integrated_gradients
from bench.looking.smooth_grad import smooth_grad
from bench.records.outcomes import Indices

# Name -> function of a network, images, labels and their places that returns an attribution for each value of a pixel.
SALIENCIES: dict[str, Callable[[Target, Images, Labels, Indices], Images]] = {
    "gradient": gradient,
    "SmoothGrad": smooth_grad,
    "integrated gradients": integrated_gradients,
}


def saliency(attributions: Images) -> Images:
    """Return the largest absolute value over the three channels of each pixel, (n, height, width).

    Source: Simonyan et al. 2014, arXiv:1312.6034, section 3.1.
    """
    return np.asarray(np.abs(attributions).max(axis=-1))
