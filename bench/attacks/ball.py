"""Balls around images, one radius an image: projection, steepest step, random points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.attacks.norms import LINF, Norm
from bench.datasets.base import Images

Radii = NDArray[np.float32]


def project(norm: Norm, moved: Images, images: Images, eps: Radii) -> Images:
    """Return the points of ``moved`` brought into the ball of ``eps`` around ``images`` and into [0, 255].

    In L-infinity this is the nearest point of both. In L2 the change is scaled into the ball first and the result clipped,
    which brings every pixel nearer to the image: it stays in the ball.

    Args:
        moved: float32, (n, height, width, 3).
        images: of the same shape, the centres.
        eps: float32, (n,).
    """
    radius = eps.reshape(-1, 1, 1, 1)
    if norm == LINF:
        # In this order no rounding leaves the ball by more than that of one float32 sum.
        inside = np.minimum(np.maximum(moved, images - radius), images + radius)
        return np.asarray(np.clip(inside, 0, 255), dtype=np.float32)
    change = moved - images
    length = np.sqrt((change.astype(np.float64) ** 2).sum(axis=(1, 2, 3), keepdims=True))
    scale = np.minimum(1.0, radius / np.maximum(length, 1e-12))
    return np.asarray(np.clip(images + (change * scale).astype(np.float32), 0, 255), dtype=np.float32)


def steepest(norm: Norm, gradient: Images) -> Images:
    """Return the direction of unit norm along which the loss rises fastest: the sign, or the gradient over its length."""
    if norm == LINF:
        return np.asarray(np.sign(gradient), dtype=np.float32)
    largest = np.abs(gradient).max(axis=(1, 2, 3), keepdims=True)
    scaled = gradient.astype(np.float64) / np.maximum(largest, np.finfo(np.float32).tiny)
    length = np.sqrt((scaled**2).sum(axis=(1, 2, 3), keepdims=True))
    return np.asarray(scaled / np.maximum(length, 1.0), dtype=np.float32)


def random_point(norm: Norm, images: Images, eps: Radii, draw: np.random.Generator) -> Images:
    """Return a random point of each ball, clipped to [0, 255].

    In L-infinity the change is uniform in the cube. In L2 its direction is uniform and its length eps * u^(1/d), uniform in
    the ball.
    """
    radius = eps.reshape(-1, 1, 1, 1)
    if norm == LINF:
        change = draw.uniform(-1, 1, images.shape).astype(np.float32) * radius
    else:
        direction = steepest(norm, draw.standard_normal(images.shape).astype(np.float32))
        size = np.prod(images.shape[1:])
        lengths = draw.uniform(0, 1, (len(images), 1, 1, 1)) ** (1 / size)
        change = direction * (radius * lengths).astype(np.float32)
    return project(norm, images + change, images, eps)
