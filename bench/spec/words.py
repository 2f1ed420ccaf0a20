"""Counts and lists in words."""

from __future__ import annotations

from collections.abc import Sequence


def how_many(number: int, what: str) -> str:
    """Return a number of things: "1 network", "1,200 networks"."""
    return f"{number:,} {plural(number, what)}"


def plural(number: int, what: str) -> str:
    """Return the word for ``number`` things: "network" for one, "networks" for any other number."""
    return what if number == 1 else f"{what}s"


def joined(parts: Sequence[str]) -> str:
    """Return a list in words: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
