"""Attacked images as a run left them, checked before anything is believed of them: no record speaks of these files."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 64 * 2**20  # bytes of a file, and of its arrays: ten images of 512 px at three radii are 24 MB a kind
MOST_IMAGES = 20
MOST_RADII = 5
ARRAYS = ("clean", "attacked", "moved", "logits", "eps", "labels")


class Unusable(Exception):
    """The file is not what ``bench.gallery.gallery`` makes; says how."""


@dataclass(frozen=True)
class Attacked:
    """Images of one attack on one network, m of them at k radii; shapes as in ``bench.gallery.gallery``."""

    clean: NDArray[np.uint8]
    attacked: NDArray[np.uint8]
    moved: NDArray[np.uint8]
    logits: NDArray[np.float32]
    eps: NDArray[np.floating[Any]]
    labels: NDArray[np.integer[Any]]


def read_gallery(path: Path, classes: int) -> Attacked:
    """Return the images in ``path`` of a network of so many ``classes``; Unusable where they are not whole."""
    try:
        if path.stat().st_size > LARGEST:
            raise Unusable(f"larger than {LARGEST:,} bytes")
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 4 * LARGEST:
                raise Unusable("its arrays are larger than they can be")
        with np.load(path, allow_pickle=False) as archive:
            found = Attacked(*[archive[name] for name in ARRAYS])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Unusable(f"cannot be read ({type(error).__name__})") from error
    _check(found, classes)
    return found


def _check(found: Attacked, classes: int) -> None:
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
