"""A gallery: a few attacked images, written at the attack and checked before a page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.attacks.base import Target
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Split
from bench.evaluation.referee import check
from bench.records.files import UNREADABLE_ARRAYS, Arrays, unpacked_bytes

LARGEST = 96 * 2**20  # bytes of a file: ten images of 512 px at five radii are 39 MB a kind before compression
MOST_IMAGES = 20
MOST_RADII = 5
ARRAYS = ("clean", "attacked", "moved", "logits", "eps", "labels")


def gallery(spec: AttackSpec, target: Target, images: Split, seed: int) -> Arrays:
    """Attack the first image of each class of ``images`` at the radii that the norm of the attack shows.

    Of more than ``MOST_IMAGES`` classes, the first have an image. If ``spec`` has none of these radii, its last five are shown.

    Returns:
        For m images, k radii and c classes: ``clean`` uint8 (m, h, w, 3); ``attacked`` uint8 (k, m, h, w, 3), rounded to
        whole levels; ``moved``, of the same type and shape, the change, where 0 and 255 are minus and plus the largest
        change at this radius; ``logits`` float32 (k + 1, m, c) of the images before rounding, clean ones first; ``eps``
        (k,); ``labels`` (m,); ``names`` (m,).

    Raises:
        BoundViolation: the attack broke its contract.
    """
    above = [radius for radius in spec.eps if radius > 0]
    usual = [radius for radius in above if radius in spec.attack.norm.shown]
    radii = usual or above[-MOST_RADII:] or [0.0]
    places = np.unique(images.labels, return_index=True)[1][:MOST_IMAGES]
    clean, labels = images.images[places].astype(np.float32), images.labels[places]
    attacked = list(spec.attack(target, clean.copy(), labels.copy(), radii, seed))
    for radius, moved in zip(radii, attacked, strict=True):
        check(spec, clean, moved, radius)
    return {
        "clean": images.images[places],
        "attacked": np.stack([np.rint(each).astype(np.uint8) for each in attacked]),
        "moved": np.stack([_grey(each - clean) for each in attacked]),
        "logits": np.stack([target.logits(each) for each in (clean, *attacked)]),
        "eps": np.asarray(radii),
        "labels": labels,
        "names": np.asarray([images.names[place] for place in places]),
    }


def _grey(change: NDArray[Any]) -> NDArray[Any]:
    """Return a change as pixel levels: 128 for none, 0 and 255 for minus and plus the largest change."""
    largest = np.abs(change).max()
    scaled = 127.5 * (1 + change / (largest or 1))
    return np.asarray(np.rint(scaled), dtype=np.uint8)


class Unusable(Exception):
    """The file is not a gallery. The message says why."""


@dataclass(frozen=True)
class AttackedImages:
    """The images of one attack on one network. The shapes are those of ``gallery``."""

    clean: NDArray[np.uint8]
    attacked: NDArray[np.uint8]
    moved: NDArray[np.uint8]
    logits: NDArray[np.float32]
    eps: NDArray[np.floating[Any]]
    labels: NDArray[np.integer[Any]]


def read_gallery(path: Path, classes: int) -> AttackedImages:
    """Return the gallery in ``path`` of a network with ``classes`` classes.

    Raises:
        Unusable: the file is damaged, or does not fit the network.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Unusable(f"larger than {LARGEST:,} bytes")
        if unpacked_bytes(path) > 4 * LARGEST:
            raise Unusable("its arrays are larger than they can be")
        with np.load(path, allow_pickle=False) as archive:
            found = AttackedImages(*[archive[name] for name in ARRAYS])
    except UNREADABLE_ARRAYS as error:
        raise Unusable(f"cannot be read ({type(error).__name__})") from error
    _check(found, classes)
    return found


def _check(found: AttackedImages, classes: int) -> None:
    if found.clean.ndim != 4 or found.clean.shape[-1] != 3 or found.eps.ndim != 1:
        raise Unusable(f"has images of shape {found.clean.shape}")
    many, radii = len(found.clean), len(found.eps)
    if not (0 < many <= MOST_IMAGES and 0 < radii <= MOST_RADII and min(found.clean.shape[1:3]) > 0):
        raise Unusable(f"has {many} images at {radii} radii")
    moved = (radii, *found.clean.shape)
    if (found.attacked.shape, found.moved.shape, found.labels.shape) != (moved, moved, (many,)):
        raise Unusable("has arrays that do not fit each other")
    if {found.clean.dtype, found.attacked.dtype, found.moved.dtype} != {np.dtype(np.uint8)}:
        raise Unusable("has pixels that are not bytes")
    kinds = found.logits.dtype.kind + found.eps.dtype.kind + found.labels.dtype.kind
    if kinds not in ("ffi", "ffu") or found.logits.shape != (radii + 1, many, classes):
        raise Unusable(f"has logits of shape {found.logits.shape}, of kinds {kinds}, for {classes} classes")
    if not (np.isfinite(found.logits).all() and np.isfinite(found.eps).all()):
        raise Unusable("has numbers that are not finite")
    if found.labels.min() < 0 or found.labels.max() >= classes:
        raise Unusable(f"has labels beyond its {classes} classes")
