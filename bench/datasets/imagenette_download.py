"""Downloads Imagenette, version 2, into the cache, or installs a copied archive there.

Source: https://github.com/fastai/imagenette.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import shutil
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from filelock import FileLock

from bench.datasets import cache
from bench.datasets.messages import Count, Report, printable, silent
from bench.errors import BadInput, IntegrityError, TryLater

BASE = "https://s3.amazonaws.com/fast-ai-imageclas"
WAYS_ON = (
    "without a network, name a folder that has the data with --data-dir DIR, install a copied archive with"
    " bench data fetch --archive FILE, or train on synthetic images with --dataset synthetic"
)
PAUSES = (1.0, 2.0, 4.0)  # seconds before each further attempt
TIMEOUT = 30.0  # seconds of each wait for the server
CHUNK = 2**18
MAX_MEMBERS = 20_000
MAX_READ_BYTES = 2**20
MAX_TOTAL_BYTES = 2**31


@dataclass(frozen=True)
class Archive:
    """One published archive.

    ``side``: the shortest side of its images in pixels, infinite for the originals. ``size``: in bytes.
    """

    name: str
    side: float
    size: int
    sha256: str

    @property
    def url(self) -> str:
        """The address of the archive."""
        return f"{BASE}/{self.name}.tgz"


# From the smallest images to the largest.
ARCHIVES = (
    Archive("imagenette2-160", 160, 99003388, "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5"),
    Archive("imagenette2-320", 320, 341663724, "569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c"),
    Archive("imagenette2", math.inf, 1557161267, "6cbfac238434d89fe99e651496f0812ebc7a10fa62bd42d6874042bf01de4efd"),
)


def fetch(image_size: int, report: Report, progress: Count = silent) -> Path:
    """Return the folder in the cache with the smallest images that are at least ``image_size``; download it if missing.

    One process downloads, and others wait for it. ``progress`` counts bytes. Raises ``TryLater`` when the download fails
    or the cache cannot be written.
    """
    enough = [archive for archive in ARCHIVES if archive.side >= image_size]
    for archive in enough:
        if (cache.directory() / archive.name).is_dir():
            return cache.directory() / archive.name
    report(f"Imagenette is not on this machine: downloading {enough[0].url} ({enough[0].size / 1e6:.0f} MB)")
    return _install(enough[0], None, report, progress)


def install(file: Path, report: Report) -> Path:
    """Unpack a copied archive into the cache and return the folder.

    The archive is identified by its sha256; its name does not matter. Raises ``BadInput`` when it is not one of the three
    published archives, ``TryLater`` when the cache cannot be written.
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


def _install(archive: Archive, file: Path | None, report: Report, progress: Count) -> Path:
    home = cache.directory()
    folder, staging = home / archive.name, home / f".{archive.name}.partial"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f"{archive.name}.lock"):
            if folder.is_dir():  # another process installed it while this one waited for the lock
                return folder
            shutil.rmtree(staging, ignore_errors=True)  # a killed process leaves one
            staging.mkdir()
            try:
                _extract(file or _download(archive, staging, report, progress), staging)
                if not all((staging / archive.name / split).is_dir() for split in ("train", "val")):
                    raise IntegrityError(f"archive refused: expected {archive.name}/train and val, found no images")
                (staging / archive.name).rename(folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise TryLater(f"cannot keep Imagenette in {printable(home)!r} ({printable(error)}); {WAYS_ON}") from error
    return folder


class _ProgressBar:
    """A progress bar for pooch, which ends a download whose size is wrong."""

    def __init__(self, size: int, progress: Count) -> None:
        self._size, self._progress, self._done = size, progress, 0

    @property
    def total(self) -> int:
        """The size of the file in bytes; pooch sets what the server promises, or 0."""
        return self._size

    @total.setter
    def total(self, promised: int) -> None:
        if promised not in (0, self._size):
            raise ValueError(f"expected {self._size:,} bytes, received {promised:,}: another file, or a proxy's page")

    def update(self, count: int) -> None:
        """Add ``count`` bytes. Pooch rounds up the last chunk."""
        self._done += count
        if self._done >= self._size + CHUNK:
            raise ValueError(f"received more than the expected {self._size:,} bytes")
        self._progress(min(self._done, self._size), self._size)

    def reset(self) -> None:
        """Start again at 0."""
        self._done = 0

    def close(self) -> None:
        """Do nothing: whoever made the progress ends it."""


def _download(archive: Archive, folder: Path, report: Report, progress: Count) -> Path:
    """Download an archive into ``folder`` and return its path once its sha256 is right.

    After a failure it is tried three times more. Raises ``TryLater``, with the ways on, after the last failure.
    """
    import pooch  # imported here, because the command line must start fast
    from requests.exceptions import RequestException

    pooch.get_logger().setLevel("WARNING")
    headers = {"User-Agent": "bench-robustness", "Accept-Encoding": "identity"}
    for pause in (*PAUSES, None):
        get = pooch.HTTPDownloader(_ProgressBar(archive.size, progress), CHUNK, headers=headers, timeout=TIMEOUT)
        try:
            return Path(pooch.retrieve(archive.url, f"sha256:{archive.sha256}", "archive.tgz", folder, downloader=get))
        # Not every OSError: a full disk is no fault of the network, and another attempt does not empty it.
        except (ValueError, RequestException) as error:
            reason = printable(error)
        if pause is not None:
            report(f"download of {archive.url} failed ({reason}): trying again in {pause:g} s")
            sleep(pause)
    raise TryLater(f"cannot download {archive.url} ({reason}); try later, or {WAYS_ON}")


class _BoundedGzip(gzip.GzipFile):
    """Limits what is decompressed, headers included: tarfile reads a header of any size into memory."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= MAX_READ_BYTES or self.tell() + size > MAX_TOTAL_BYTES:
            raise IntegrityError(f"archive refused: expected at most {MAX_TOTAL_BYTES:,} bytes in it, received more")
        return super().read(size)


def _extract(archive: Path, folder: Path) -> None:
    """Extract the regular files and folders of a .tgz into ``folder``, without their modes, owners and times.

    Raises ``IntegrityError`` for a damaged archive, a link, a device, a path that leads out of ``folder``, and for more
    members or bytes than the limits; some files may then be extracted.
    """
    try:
        with _BoundedGzip(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            for count, member in enumerate(tar, 1):
                if count > MAX_MEMBERS:
                    raise IntegrityError(f"archive refused: expected at most {MAX_MEMBERS:,} members, received more")
                # A sparse file takes more bytes on disk than in the archive, so the limit on bytes would not hold.
                if member.issparse() or not (member.isreg() or member.isdir()):
                    raise IntegrityError(
                        f"archive refused: member {printable(member.name)!r} is neither a regular file nor a folder"
                    )
                tar.extract(member, folder, set_attrs=False, filter="data")
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError) as error:
        raise IntegrityError(
            f"archive refused: expected a whole .tgz with paths inside it, received another ({printable(error)})"
        ) from error
