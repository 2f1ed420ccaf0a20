"""From a listing to its decoded images, by the cache or by the decoder: the slow part of loading, kept in one place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.datasets import cache
from bench.datasets.decoding import BrokenImage, decode
from bench.datasets.fingerprint import UNREADABLE, digest_files, fingerprint
from bench.datasets.listing import Listing
from bench.datasets.messages import Progress, Report
from bench.datasets.parallel import in_threads


@dataclass(frozen=True)
class Pixels:
    """The images of a listing, row by row in the order of ``Listing.names``.

    ``images``: uint8, shape (n, size, size, 3). ``digests``: sha256 (hex) of each file. ``fingerprint``: of all files.
    ``broken``: row -> reason; the images of these rows are black.
    """

    images: NDArray[np.uint8]
    digests: tuple[str, ...]
    fingerprint: str
    broken: dict[int, str]


def read_pixels(listing: Listing, size: int, report: Report, progress: Progress) -> Pixels:
    """Return the decoded images of a listing, from the cache when it has them.

    Only a listing without a broken image is kept in the cache: repairing a file should be all that it takes.
    """
    pixels = _cached(listing, size, report)
    if pixels is None:
        report(f"decoding {len(listing.names):,} images to {size} px: once, then they come from the cache")
        pixels = _decoded(listing, size, progress)
        if not pixels.broken:
            cache.write(pixels.images, pixels.fingerprint, size, report)
    return pixels


def _cached(listing: Listing, size: int, report: Report) -> Pixels | None:
    if not cache.holds(size):
        return None
    digests = digest_files(listing)
    key = fingerprint(listing.names, digests)
    images = cache.read(key, size, len(listing.names), report)
    return None if images is None else Pixels(images, digests, key, broken={})


def _decoded(listing: Listing, size: int, progress: Progress) -> Pixels:
    names = listing.names
    images = np.zeros((len(names), size, size, 3), np.uint8)

    def read(row: int) -> tuple[str, str]:
        try:
            data = (listing.root / names[row]).read_bytes()
        except OSError as error:
            return UNREADABLE, f"cannot be read ({error.strerror})"
        # Hashed and decoded from the same bytes: the fingerprint is that of the pixels even if the file is changing.
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
