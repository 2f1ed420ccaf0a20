"""Which data it is, told from the content of the files: the same on every machine, whatever their paths and times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bench.datasets.listing import Listing
from bench.datasets.messages import Progress, silent
from bench.datasets.parallel import in_threads

# Stands for a file that cannot be read; no content has this digest, so such a folder matches no cache entry.
UNREADABLE = "unreadable"


def digest_files(listing: Listing, progress: Progress = silent) -> tuple[str, ...]:
    """Return the sha256 (hex) of every file, in the order of ``listing.names``; ``UNREADABLE`` where reading fails."""

    def digest(name: str) -> str:
        try:
            return hashlib.sha256((listing.root / name).read_bytes()).hexdigest()
        except OSError:
            return UNREADABLE

    return tuple(in_threads(digest, listing.names, progress))


def fingerprint(names: Sequence[str], digests: Sequence[str]) -> str:
    """Return the sha256 (hex) over the sorted (name, digest) pairs: one hash for the content of a whole folder."""
    # NUL and newline end the two fields: a file name cannot hold the one, a digest cannot hold the other.
    text = "".join(f"{name}\0{digest}\n" for name, digest in sorted(zip(names, digests, strict=True)))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def in_both_splits(listing: Listing, digests: Sequence[str]) -> list[tuple[str, str]]:
    """Return (train name, val name) for each val file whose content is also in train: a leak that inflates accuracy."""
    first = len(listing.train)
    train = dict(zip(reversed(digests[:first]), reversed(listing.train), strict=True))
    val = zip(digests[first:], listing.val, strict=True)
    return [(train[digest], name) for digest, name in val if digest in train and digest != UNREADABLE]
