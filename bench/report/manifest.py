"""The list of the files that a report made: the next report removes those that it does not make again, and no others."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bench.errors import IntegrityError
from bench.records.files import read_json, write_json

NAME = "files.json"
SCHEMA = "bench.report-files/1"
OURS = re.compile(r"(figures|tables)/[^/\\]+|[^/\\]+\.(md|html)")


def note(output: Path, written: Iterable[Path], *, whole: bool) -> None:
    """List ``written`` with hashes in ``output``/files.json.

    With ``whole`` the other files that an earlier report listed are removed; without it they stay on the list. A file
    that has changed since it was listed stays. Nothing is removed where the list is missing or damaged.
    """
    before = _listed(output)
    now = {path.relative_to(output).as_posix(): _hash(path) for path in written}
    for name in sorted(before.keys() - now.keys()) if whole else ():
        path = output / name
        if OURS.fullmatch(name) and path.is_file() and not path.is_symlink() and _hash(path) == before[name]:
            path.unlink()
            if path.parent != output:
                with suppress(OSError):  # not empty
                    path.parent.rmdir()
    found = now if whole else before | now
    write_json(output / NAME, SCHEMA, {"files": dict(sorted(found.items()))})


def _listed(output: Path) -> dict[str, str]:
    try:
        return {str(name): str(sha256) for name, sha256 in dict(read_json(output / NAME, SCHEMA)["files"]).items()}
    except (IntegrityError, KeyError, TypeError, ValueError):
        return {}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
