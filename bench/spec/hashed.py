"""Makes numbers out of texts, for seeds."""

from __future__ import annotations

import hashlib


def hashed(text: str, bits: int, word: int = 0) -> int:
    """Return a number in [0, 2**bits) that depends on ``text`` alone: the first of the 32 bits of a ``word`` of its sha256."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[4 * word : 4 * word + 4], "big") >> (32 - bits)
