"""Keeps decoded images on disk, because decoding them takes longer than reading them. It is safe to delete the cache.

An entry is a .npy file, read without pickle, with a .sha256 file beside it in the format of ``sha256sum``.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from platformdirs import user_cache_path

from bench.datasets.decoding import DECODER_VERSION
from bench.datasets.messages import Report, printable


def directory() -> Path:
    """Return ``$BENCH_CACHE_DIR``, or else the user's cache folder for this suite. The folder may not exist yet."""
    chosen = os.environ.get("BENCH_CACHE_DIR")
    return Path(chosen).absolute() if chosen else user_cache_path("bench-robustness", appauthor=False)


def holds(image_size: int) -> bool:
    """Return whether any entry has this image size. If none has, the data need not be hashed to look for one."""
    try:
        return any((directory() / "pixels").glob(f"*{_suffix(image_size)}"))
    except OSError:
        return False


def read(fingerprint: str, image_size: int, count: int, report: Report) -> NDArray[np.uint8] | None:
    """Return the cached images of the data with this fingerprint.

    Returns: uint8, shape (count, image_size, image_size, 3); None where there is no entry. A damaged entry is reported
        and counts as missing.
    """
    path = _path(fingerprint, image_size)
    try:
        return _checked(path, (count, image_size, image_size, 3)) if path.exists() else None
    except (OSError, ValueError, MemoryError) as error:
        report(f"the cache entry {printable(path)} is unusable ({printable(error)}): decoding the images again")
        return None


def write(images: NDArray[np.uint8], fingerprint: str, image_size: int, report: Report) -> None:
    """Write an entry. An error of the disk is reported and not raised, because a run can do without the cache."""
    path = _path(fingerprint, image_size)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _replacing(path) as file:
            np.save(file, images, allow_pickle=False)
            file.seek(0)
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        with _replacing(_checksum_path(path)) as file:
            file.write(f"{checksum}  {path.name}\n".encode())
    except OSError as error:
        report(f"cannot keep the decoded images in {printable(path.parent)} ({printable(error)}): going on without")


def _suffix(image_size: int) -> str:
    return f"-{image_size}px-decoder{DECODER_VERSION}-pillow{PIL.__version__}.npy"


def _path(fingerprint: str, image_size: int) -> Path:
    return directory() / "pixels" / f"{fingerprint}{_suffix(image_size)}"


def _checksum_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _checked(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    expected = _checksum_path(path).read_text(encoding="ascii").partition(" ")[0]
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != expected:
            raise ValueError("its sha256 differs from the recorded one")
        file.seek(0)
        images: NDArray[np.uint8] = np.load(file, allow_pickle=False)
    if images.dtype != np.uint8 or images.shape != shape:
        raise ValueError(f"expected uint8 {shape}, received {images.dtype} {images.shape}")
    return images


@contextmanager
def _replacing(path: Path) -> Iterator[Any]:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            yield file
            file.flush()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise
