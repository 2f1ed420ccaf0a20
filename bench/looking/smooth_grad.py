"""SmoothGrad: the gradient averaged over noisy copies of an image."""

from __future__ import annotations

import hashlib

import numpy as np

from bench.attacks.base import Target
from bench.attacks.losses import Logit
from bench.datasets.base import Images, Labels
from bench.records.outcomes import Indices

SAMPLES = 50
NOISE = 0.15


def smooth_grad(network: Target, images: Images, labels: Labels, places: Indices) -> Images:
    """Return the mean gradient of the true logit over 50 noisy copies of each image.

        mean over k of dz_y / dx at x + e_k,   e_k ~ N(0, s**2),   s = 0.15 (max x - min x)

    The noise of an image depends on its place alone, so that every network sees the same noisy copies.

    Args:
        network: pixel levels to logits z.
        images: (n, height, width, 3), float32 pixel levels x.
        labels: (n,), the true classes y.
        places: (n,), the places of the images in the validation split.

    Returns:
        An array of the shape of ``images``. Unit: logit per pixel level.

    Source: Smilkov et al. 2017, arXiv:1706.03825, with its 50 samples and a noise of 10 to 20 % of the range.
    """
    draws = [np.random.default_rng([*hashlib.sha256(b"smooth_grad").digest()[:4], int(place)]) for place in places]
    spread = np.ptp(images, axis=(1, 2, 3), keepdims=True) * NOISE
    total = np.zeros(images.shape)
    for _ in range(SAMPLES):
        noise = np.stack([each.standard_normal(images.shape[1:]) for each in draws])
        total += network.gradient((images + spread * noise).astype(np.float32), labels, Logit())
    return np.asarray(total / SAMPLES, np.float32)
