"""How a data set talks while it loads: one-line remarks and progress counts, so that nothing here prints.

Every name that leaves this package goes through ``printable`` first: a file name can carry terminal escapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Report = Callable[[str], None]


class Progress(Protocol):
    """Shows how far a long job is."""

    def __call__(self, done: int, total: int, /) -> None:
        """Take note that ``done`` of ``total`` files, or bytes, are done."""


def silent(done: int, total: int, /) -> None:
    """Show no progress."""


def printable(text: object) -> str:
    r"""Return ``str(text)`` with control characters, terminal escapes and undecodable bytes written out, as in ``\x1b``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))
