"""Decodes the images of a listing, or reads them from the cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.datasets import cache
from bench.datasets.decoding import BrokenImage, decode
from bench.datasets.fingerprint import UNREADABLE, digest_files, fingerprint
from bench.datasets.listing import Listing
from bench.datasets.messages import Count, Report
from bench.datasets.parallel import in_threads


@dataclass(frozen=True)
class Pixels:
    """The images of a listing, in the order of ``Listing.names``.

    Args:
        images: uint8, shape (n, size, size, 3), pixel levels 0 to 255. Broken images are black.
        digests: the sha256 (hex) of each file; ``fingerprint`` is one hash of all.
        broken: the reason for each broken image, by its row.
    """

    images: NDArray[np.uint8]
    digests: tuple[str, ...]
    fingerprint: str
    broken: dict[int, str]


def read_pixels(listing: Listing, size: int, report: Report, progress: Count) -> Pixels:
    """Return the images of a listing from the cache, or decode them and write them there.

    Images are cached only when none is broken, so that a repaired file is seen at once.
    """
    if cache.holds(size):
        digests = digest_files(listing)
        key = fingerprint(listing.names, digests)
        images = cache.read(key, size, len(listing.names), report)
        if images is not None:
            return Pixels(images, digests, key, broken={})
    report(f"decoding {len(listing.names):,} images to {size} px; the next run reads them from the cache")
    pixels = _decoded(listing, size, progress)
    if not pixels.broken:
        cache.write(pixels.images, pixels.fingerprint, size, report)
    return pixels


def _decoded(listing: Listing, size: int, progress: Count) -> Pixels:
    names = listing.names
    images = np.zeros((len(names), size, size, 3), np.uint8)

    def read(row: int) -> tuple[str, str]:
        try:
            data = (listing.root / names[row]).read_bytes()
        except OSError as error:
            return UNREADABLE, f"cannot be read ({error.strerror})"
        # Hashed and decoded from the same bytes, so that the digest is right even if the file changes meanwhile.
        digest = hashlib.sha256(data).hexdigest()
        try:
            images[row] = decode(data, size)
        except BrokenImage as error:
            return digest, str(error)
        return digest, ""

    results = in_threads(read, range(len(names)), progress)
    digests = tuple(digest for digest, _ in results)
    broken = {row: reason for row, (_, reason) in enumerate(results) if reason}
    return Pixels(images, digests, fingerprint(names, digests), broken)
