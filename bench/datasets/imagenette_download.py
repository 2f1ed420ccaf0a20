"""The published archives of Imagenette, version 2, and how one of them comes into the cache: once, whole, checked.

Source: https://github.com/fastai/imagenette.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from bench.datasets import cache
from bench.datasets.archive import extract
from bench.datasets.download import WAYS_ON, Remote, download
from bench.datasets.messages import Progress, Report, printable, silent
from bench.errors import BadInput, TryLater

BASE = "https://s3.amazonaws.com/fast-ai-imageclas"


@dataclass(frozen=True)
class Archive:
    """One published archive; ``side`` is the shortest side of its images in pixels, infinite for the originals."""

    name: str
    side: float
    size: int
    sha256: str

    @property
    def remote(self) -> Remote:
        """Where it is and what it must be."""
        return Remote(f"{BASE}/{self.name}.tgz", self.size, self.sha256)


# From the smallest images to the largest.
ARCHIVES = (
    Archive("imagenette2-160", 160, 99003388, "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5"),
    Archive("imagenette2-320", 320, 341663724, "569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c"),
    Archive("imagenette2", math.inf, 1557161267, "6cbfac238434d89fe99e651496f0812ebc7a10fa62bd42d6874042bf01de4efd"),
)


def fetch(image_size: int, report: Report, progress: Progress = silent) -> Path:
    """Return the folder in the cache with the smallest images that need no enlarging, downloading them if need be.

    Of several processes one downloads and the others wait for it. Raises ``TryLater``, with the ways on, when neither
    the network nor the disk lets it.
    """
    enough = [archive for archive in ARCHIVES if archive.side >= image_size]
    for archive in enough:
        if (cache.directory() / archive.name).is_dir():
            return cache.directory() / archive.name
    report(f"Imagenette is not on this machine: fetching {enough[0].remote.url} ({enough[0].size / 1e6:.0f} MB)")
    return _install(enough[0], None, report, progress)


def install(file: Path, report: Report) -> Path:
    """Unpack a copied archive into the cache and return its folder; it is known by its sha256, whatever its name.

    Raises ``BadInput`` when it is not one of the three published ones, ``TryLater`` when the disk does not let it.
    """
    try:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"cannot read the archive {printable(file)!r}: {error.strerror}; check --archive") from error
    for archive in ARCHIVES:
        if archive.sha256 == digest:
            return _install(archive, file, report, silent)
    names = ", ".join(f"{archive.name}.tgz ({archive.size:,} bytes)" for archive in ARCHIVES)
    raise BadInput(
        f"expected one of {names}, received {printable(file)!r} ({file.stat().st_size:,} bytes, sha256 {digest});"
        f" copy it again from {BASE}/"
    )


def _install(archive: Archive, file: Path | None, report: Report, progress: Progress) -> Path:
    home = cache.directory()
    folder, part = home / archive.name, home / f"{archive.name}.tgz.part"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f"{archive.name}.lock"):
            if folder.is_dir():  # another process brought it while this one waited for the lock
                return folder
            if file is None:
                download(archive.remote, part, report, progress)
            extract(file or part, archive.name, folder)
            part.unlink(missing_ok=True)
    except OSError as error:
        raise TryLater(f"cannot keep Imagenette in {printable(home)!r} ({printable(error)}); {WAYS_ON}") from error
    return folder
