"""A look at every file of a class folder before a training depends on it: what is broken, and what is merely odd."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.datasets.decoding import MIN_SIDE, BrokenImage, decode, remarks
from bench.datasets.fingerprint import UNREADABLE, in_both_splits
from bench.datasets.listing import list_images
from bench.datasets.messages import Progress, printable, silent
from bench.datasets.parallel import in_threads


@dataclass(frozen=True)
class Finding:
    """One thing about one file; ``path`` is relative to the data folder, with control characters written out."""

    path: str
    severity: Literal["broken", "remark"]
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.severity}: {self.reason}"


def verify(directory: Path, progress: Progress = silent) -> list[Finding]:
    """Decode every image of a class folder and return what is to be said about it, sorted by path.

    "broken" files stop a training unless skipped; a "remark" does not. Raises ``BadInput`` for a folder of another
    layout, never for a bad image.
    """
    listing = list_images(directory)
    looks = in_threads(lambda name: _look(directory, name), listing.names, progress)
    findings = [finding for _, found in looks for finding in found]
    for train, val in in_both_splits(listing, [digest for digest, _ in looks]):
        findings.append(Finding(printable(train), "remark", f"also in val, as {printable(val)}"))
    for name in listing.ignored:
        hidden = name.rpartition("/")[2].startswith(".")
        findings.append(
            Finding(printable(name), "remark", "ignored: hidden" if hidden else "ignored: not an image name")
        )
    return sorted(findings, key=lambda finding: (finding.path, finding.reason))


def _look(root: Path, name: str) -> tuple[str, list[Finding]]:
    try:
        data = (root / name).read_bytes()
    except OSError as error:
        return UNREADABLE, [Finding(printable(name), "broken", f"cannot be read ({error.strerror})")]
    digest = hashlib.sha256(data).hexdigest()
    try:
        decode(data, MIN_SIDE)
        return digest, [Finding(printable(name), "remark", reason) for reason in remarks(data, name)]
    except BrokenImage as error:
        return digest, [Finding(printable(name), "broken", str(error))]
