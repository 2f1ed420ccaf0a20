"""Unpacks an archive of images as if it were hostile: a tar can name any path, link anywhere and expand without end.

Nothing but regular image files in ``root/{train,val}/CLASS/`` is ever created, so no later member can go through one.
"""

from __future__ import annotations

import gzip
import re
import shutil
import tarfile
import zlib
from pathlib import Path

from bench.datasets.messages import printable
from bench.errors import IntegrityError

MAX_MEMBERS = 20_000
MAX_FILE_BYTES = 2**25
MAX_TOTAL_BYTES = 2**31

_PLAIN_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*")
_IMAGE = re.compile(r"(train|val)/[A-Za-z0-9_-]+/[A-Za-z0-9_-][A-Za-z0-9._-]*\.(?i:jpe?g|png)")


class _BoundedGzip(gzip.GzipFile):
    """Counts every decompressed byte, headers too: tarfile would read a pax header of any size into memory."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= MAX_FILE_BYTES or self.tell() + size > MAX_TOTAL_BYTES:
            raise IntegrityError(f"archive refused: expected at most {MAX_TOTAL_BYTES:,} bytes in it, received more")
        return super().read(size)


def extract(archive: Path, root: str, target: Path) -> None:
    """Unpack ``root/{train,val}/CLASS/IMAGE`` of a .tgz as ``target/{train,val}/CLASS/IMAGE``.

    It is unpacked into a hidden folder beside ``target`` that is renamed at the end, so nobody sees a half; the caller
    sees to it that one process at a time does so. Modes, owners and times are not taken over. Harmless members of
    another layout (the real archives hold a .csv) are left out; links, devices, unsafe paths, duplicates, and more
    members or bytes than the caps refuse the whole. Raises ``IntegrityError`` for the archive, ``OSError`` when it
    cannot be read or ``target`` cannot be written.
    """
    target = target.absolute()
    staging = target.with_name(f".{target.name}.partial")
    shutil.rmtree(staging, ignore_errors=True)  # what a killed process left
    staging.mkdir()
    try:
        with _BoundedGzip(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            _unpack(tar, root, staging)
        if not all((staging / root / split).is_dir() for split in ("train", "val")):
            raise IntegrityError(f"archive refused: expected images in {root}/train and {root}/val, received none")
        (staging / root).rename(target)
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, UnicodeError) as error:
        raise IntegrityError(
            f"archive refused: expected a whole .tgz, received a damaged one ({printable(error)})"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _unpack(tar: tarfile.TarFile, root: str, staging: Path) -> None:
    seen: set[str] = set()
    for count, member in enumerate(tar, 1):
        # Compared in lower case: on some file systems A.jpg and a.jpg are one file.
        key = member.name.lower()
        reason = "a duplicate" if key in seen else _refusal(member, root)
        if count > MAX_MEMBERS:
            reason = f"one of more than {MAX_MEMBERS:,}"
        if reason:
            raise IntegrityError(
                f"archive refused: member {printable(member.name)!r} is {reason}; nothing was unpacked"
            )
        if member.isfile() and _IMAGE.fullmatch(member.name.removeprefix(f"{root}/")):
            seen.add(key)
            tar.extract(member, staging, set_attrs=False, filter="data")


def _refusal(member: tarfile.TarInfo, root: str) -> str:
    """Return what is wrong with a member, or nothing."""
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
        return "neither a regular file nor a directory"
    parts = member.name.split("/")
    if not _PLAIN_PATH.fullmatch(member.name) or ".." in parts or "." in parts:
        return "no plain relative path"
    if parts[0] != root:
        return f"outside {root}/"
    if member.size > MAX_FILE_BYTES:
        return f"larger than {MAX_FILE_BYTES:,} bytes"
    return ""
