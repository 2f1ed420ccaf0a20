"""What can go wrong, as types: each carries the exit code that a caller can act on.

A message says what was expected, what was received and what to do next. The command line prints it without a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

MOST_NAMES = 8  # in a message


class BenchError(Exception):
    """A run failed: its promise was broken or its work could not be done."""

    exit_code = 1


class BadInput(BenchError):
    """The user asked for something that cannot be: a wrong value, name, path or data set."""

    exit_code = 2


class IntegrityError(BenchError):
    """A file is not what its recorded hash says, or belongs to other code, data or settings.

    ``path``: the file or the folder that is left out for it, where it is one of records.
    """

    exit_code = 4

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class Unreadable(IntegrityError):
    """A file is there, but the system does not let it be read. It may be whole."""


class Locked(BenchError):
    """Another live process holds the run."""

    exit_code = 5


class TryLater(BenchError):
    """The machine or the network cannot do it now: the same command may succeed later."""

    exit_code = 75


class Interrupted(BenchError):
    """A signal ended the run; ``exit_code`` is 128 plus its number."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class Terminated(KeyboardInterrupt):
    """SIGTERM came: it ends a command as Ctrl-C does."""


def unknown(what: str, received: str, known: Iterable[str], listed_by: str = "") -> BadInput:
    """Return the error for a name that is not in a table, with the nearest of the allowed names and a few others.

    Args:
        listed_by: the command that lists all of the names.
    """
    names = sorted(known)
    near = difflib.get_close_matches(received.lower(), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    shown = [*near, *[name for name in names if name not in near]][:MOST_NAMES]
    more = len(names) - len(shown)
    rest = (f" and {more} more" + f", which {listed_by} lists" * bool(listed_by)) if more else ""
    return BadInput(f"unknown {what} {received!r}: {hint}expected one of {', '.join(shown)}{rest}")
