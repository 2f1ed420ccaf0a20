"""Where in a TOML text a key stands: the parser of the standard library forgets it, and a user wants to know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.errors import BadInput, unknown

HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=")


@dataclass(frozen=True)
class Lines:
    """The lines of a TOML text; ``source`` is its name in messages."""

    source: str = ""
    text: str = ""

    def at(self, table: str, key: str | None = None, nth: int = 0) -> str:
        """Return ``source:line: `` of a table's header, or of a key in it; the nearest known where it is not found.

        Of tables that share a name, the one numbered ``nth`` from 0.
        """
        inside, found, seen = "", None, 0
        as_table = f"{table}.{key}".lstrip(".")  # a key may be written as a table of its own
        for number, line in enumerate(self.text.splitlines(), start=1):
            header = HEADER.match(line)
            if header:
                inside = header.group(1).replace('"', "")
                if key is not None and inside == as_table:
                    return f"{self.source}:{number}: "
                if inside == table:
                    found, seen = (number if seen == nth else found), seen + 1
            elif key is not None and inside == table and seen in (0, nth + 1):
                match = KEY.match(line)
                if match and match.group(1) == key:
                    return f"{self.source}:{number}: "
        return f"{self.source}:{found}: " if found else f"{self.source}: "

    @contextmanager
    def blamed(self, table: str, key: str | None = None, nth: int = 0) -> Iterator[None]:
        """Put the place that ``at`` finds before the message of a BadInput that comes out of the block."""
        try:
            yield
        except BadInput as error:
            raise BadInput(f"{self.at(table, key, nth)}{error}") from error

    def check_names(self, table: str, found: Iterable[str], known: Iterable[str], what: str, nth: int = 0) -> None:
        """Raise BadInput, with line and nearest name, where a key of the ``nth`` ``table`` is not ``known``."""
        names = list(known)
        for name in found:
            if name not in names:
                raise BadInput(f"{self.at(table, name, nth)}{unknown(what, name, names)}")
