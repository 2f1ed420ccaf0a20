"""Identifies data by the content of its files. Paths and times of files do not matter."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bench.datasets.listing import Listing
from bench.datasets.messages import silent
from bench.datasets.parallel import in_threads

# The digest of a file that cannot be read. It is not a sha256, so such a folder matches no cache entry.
UNREADABLE = "unreadable"


def digest_files(listing: Listing) -> tuple[str, ...]:
    """Return the sha256 (hex) of every file in the order of ``listing.names``, or ``UNREADABLE`` for one that fails."""

    def digest(name: str) -> str:
        try:
            return hashlib.sha256((listing.root / name).read_bytes()).hexdigest()
        except OSError:
            return UNREADABLE

    return tuple(in_threads(digest, listing.names, silent))


def fingerprint(names: Sequence[str], digests: Sequence[str]) -> str:
    """Return one sha256 (hex) for a whole folder: over its sorted (name, digest) pairs."""
    # A file name cannot contain NUL, and a digest cannot contain a newline: no two folders give the same text.
    text = "".join(f"{name}\0{digest}\n" for name, digest in sorted(zip(names, digests, strict=True)))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def in_both_splits(listing: Listing, digests: Sequence[str]) -> list[tuple[str, str]]:
    """Return (train name, val name) for each val file whose content is also in train. Such a leak raises accuracy."""
    first = len(listing.train)
    train = dict(zip(reversed(digests[:first]), reversed(listing.train), strict=True))
    val = zip(digests[first:], listing.val, strict=True)
    return [(train[digest], name) for digest, name in val if digest in train and digest != UNREADABLE]
