"""Checks every file of a data folder and names those that are broken or unusual."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.datasets.decoding import MIN_SIDE, BrokenImage, decode, remarks
from bench.datasets.fingerprint import UNREADABLE, in_both_splits
from bench.datasets.listing import list_images
from bench.datasets.messages import Count, printable, silent
from bench.datasets.parallel import in_threads


@dataclass(frozen=True)
class Problem:
    """One remark on one file. ``path`` is relative to the data folder and printable."""

    path: str
    severity: Literal["broken", "remark"]
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.severity}: {self.reason}"


def verify(directory: Path, progress: Count = silent) -> list[Problem]:
    """Decode every image under ``directory`` and return the problems, sorted by path.

    A "broken" file stops a training unless the user skips it. A "remark" does not.

    Raises: ``BadInput`` for a folder of another layout, but not for a broken image.
    """
    listing = list_images(directory)
    checked = in_threads(lambda name: _check(directory, name), listing.names, progress)
    problems = [problem for _, found in checked for problem in found]
    for train, val in in_both_splits(listing, [digest for digest, _ in checked]):
        problems.append(Problem(printable(train), "remark", f"also in val, as {printable(val)}"))
    for name in listing.ignored:
        why = "hidden" if name.rpartition("/")[2].startswith(".") else "not an image name"
        problems.append(Problem(printable(name), "remark", f"ignored: {why}"))
    return sorted(problems, key=lambda problem: (problem.path, problem.reason))


def _check(root: Path, name: str) -> tuple[str, list[Problem]]:
    try:
        data = (root / name).read_bytes()
    except OSError as error:
        return UNREADABLE, [Problem(printable(name), "broken", f"cannot be read ({error.strerror})")]
    digest = hashlib.sha256(data).hexdigest()
    try:
        decode(data, MIN_SIDE)
        return digest, [Problem(printable(name), "remark", reason) for reason in remarks(data, name)]
    except BrokenImage as error:
        return digest, [Problem(printable(name), "broken", str(error))]
