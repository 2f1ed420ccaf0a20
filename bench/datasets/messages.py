"""Defines how a data set reports remarks and progress, so that nothing in this package prints.

Every file name in a message must go through ``printable``, because it can contain terminal escapes.
"""

from __future__ import annotations

from collections.abc import Callable

# Called with one line about the data.
Report = Callable[[str], None]
# Called with (done, total), in files or bytes, to show the progress of a long job.
Count = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Show no progress."""


def printable(text: object) -> str:
    r"""Return ``str(text)`` with every character that cannot be printed written as an escape, such as ``\x1b``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))
