"""One file from the network, whole and as promised: networks lie, stop in the middle, and come back."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from ssl import SSLError
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from bench.datasets.messages import Progress, Report, printable, silent
from bench.errors import TryLater

WAYS_ON = (
    "without a network, name a folder that has the data with --data-dir DIR, install a copied archive with"
    " bench data fetch --archive FILE, or train on made-up images with --dataset synthetic"
)
PAUSES = (1.0, 2.0, 4.0)
CHUNK = 2**18


@dataclass(frozen=True)
class Remote:
    """A file on a server and what it must be: ``size`` in bytes, ``sha256`` in hex."""

    url: str
    size: int
    sha256: str


class _Failure(Exception):
    """One attempt did not bring the file; the message says why."""


def download(
    remote: Remote,
    target: Path,
    report: Report,
    progress: Progress = silent,
    *,
    sleep: Callable[[float], None] = time.sleep,
    timeout: float = 30.0,
) -> None:
    """Bring ``target`` to the size and the sha256 of ``remote``.

    What is there already is taken for the beginning and continued with a Range request; with a wrong hash it is deleted
    and fetched anew. One attempt and three more, with pauses of 1, 2 and 4 s through ``sleep``; ``timeout`` (s) is for
    each wait for the server. ``progress`` counts bytes. Raises ``TryLater``, which names the ways on without a network,
    when the last attempt fails, and ``OSError`` when ``target`` cannot be written.
    """
    for attempt in range(len(PAUSES) + 1):
        try:
            _attempt(remote, target, progress, timeout)
            return
        except _Failure as failure:
            reason = str(failure)
        if attempt < len(PAUSES):
            report(f"download of {remote.url} failed ({reason}): trying again in {PAUSES[attempt]:g} s")
            sleep(PAUSES[attempt])
    raise TryLater(f"cannot download {remote.url} ({reason}); try later, or {WAYS_ON}")


def _attempt(remote: Remote, target: Path, progress: Progress, timeout: float) -> None:
    have = target.stat().st_size if target.exists() else 0
    if have < remote.size:
        _continue(remote, target, have, progress, timeout)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != remote.sha256:
        target.unlink()
        raise _Failure(f"expected sha256 {remote.sha256}, received {digest}")


def _continue(remote: Remote, target: Path, have: int, progress: Progress, timeout: float) -> None:
    request = Request(remote.url, headers={"User-Agent": "bench-robustness"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with cast(HTTPResponse, urlopen(request, timeout=timeout)) as response:
            # A server may ignore the range and send the whole file: then it starts again from nothing.
            start = have if response.status == 206 else 0
            _check_answer(response, start, remote.size)
            _write(response, target, start, remote.size, progress)
    except HTTPError as error:
        error.close()
        if error.code == 416:  # the file on the server is shorter than ours: ours is not its beginning
            target.unlink(missing_ok=True)
        raise _Failure(f"HTTP {error.code} {printable(error.reason)}") from error
    # Not OSError as a whole: a full disk is no fault of the network, and another attempt does not empty it.
    except (URLError, ConnectionError, TimeoutError, SSLError, HTTPException) as error:
        raise _Failure(printable(error) or type(error).__name__) from error


def _check_answer(response: HTTPResponse, start: int, size: int) -> None:
    """Refuse, before a byte is kept, what is plainly another file: a proxy's login page, say."""
    length = response.headers.get("Content-Length")
    if length is not None and length != str(size - start):
        raise _Failure(
            f"expected {size - start:,} bytes, received {printable(length)}: a proxy's page, or another file"
        )
    if response.headers.get_content_type() == "text/html":
        raise _Failure("expected an archive, received an HTML page")
    if start and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        raise _Failure("the server continued at another place than asked")


def _write(response: HTTPResponse, target: Path, start: int, size: int, progress: Progress) -> None:
    done = start
    with target.open("ab" if start else "wb") as file:
        while done <= size and (chunk := response.read(CHUNK)):
            file.write(chunk)
            done += len(chunk)
            progress(min(done, size), size)
    if done < size:
        raise _Failure(f"the connection ended after {done:,} of {size:,} bytes")
    if done > size:
        target.unlink()
        raise _Failure(f"received more than the expected {size:,} bytes")
