"""The batches of an epoch, shuffled and augmented. They depend only on the seed and the epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Split

SHIFT = 10  # the largest shift is a tenth of the side


def batches(
    split: Split, batch_size: int, seed: int, epoch: int, start: int = 0
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Yield augmented batches (uint8 NHWC, int64) of one epoch, from batch ``start`` on; the last one may be smaller.

    The order is a permutation drawn from (``seed``, ``epoch``), the augmentation of a batch from (``seed``, ``epoch``,
    its index), so a resumed epoch draws what the whole one would have drawn.
    """
    order = np.random.default_rng([seed, epoch]).permutation(len(split))
    for index in range(start, -(-len(split) // batch_size)):
        chosen = order[index * batch_size : (index + 1) * batch_size]
        draw = np.random.default_rng([seed, epoch, index])
        yield augment(split.images[chosen], draw), split.labels[chosen]


def augment(images: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """Return ``images`` (uint8 NHWC), each mirrored with probability 1/2 and shifted by up to a tenth of its side.

    The edge of a shifted image is repeated: validation images have no black borders.
    """
    count, side = images.shape[:2]
    reach = side // SHIFT
    mirrored = np.less(draw.random(count), 0.5)
    corners = draw.integers(0, 2 * reach + 1, size=(count, 2))
    images = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    return np.stack([image[y : y + side, x : x + side] for image, (y, x) in zip(padded, corners, strict=True)])
