"""Files that are either whole or absent, with a hash that shows any damage. Records and checkpoints are written by them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate, pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from bench.errors import BadInput, IntegrityError, TryLater, Unreadable

Arrays = dict[str, NDArray[Any]]
# What NumPy and zipfile raise for a damaged file of arrays.
UNREADABLE_ARRAYS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)
BREAK = re.compile(r"\n *")
EMPTY = re.compile(r"[{\[]\n *[}\]]")  # is written without a break
EXPONENT = re.compile(r" -?[\d.]+e")
TEXT = r'"(?:[^"\\]|\\.)*"'
ITEM = re.compile(
    rf'^ *(?:(?:{TEXT}: )?(?:{TEXT}|[^\s"{{}}\[\],:]+|\{{\}}|\[\]|[{{\[])|[}}\]]),?$', re.MULTILINE
)  # on a line


def make_folder(path: Path, option: str, otherwise: str) -> None:
    """Make a folder to write in; BadInput, which names the ``option`` and what to do ``otherwise``, where it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK | os.X_OK)
    except OSError as error:
        raise BadInput(f"cannot make {option}{path}: {error.strerror}; {otherwise}") from error
    if not writable:
        raise BadInput(f"cannot write in {option}{path}: read-only; {otherwise}")


def write_bytes(path: Path, content: bytes) -> str:
    """Write ``content`` to ``path`` in one step and return its sha256; TryLater where the disk is full or read-only.

    After a crash the file is the old one or the new one.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not by tempfile, whose files only their owner can read.
        partial = path.parent / f".{path.name[:40]}-{secrets.token_hex(8)}.part"
        try:
            with partial.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise TryLater(
            f"cannot write {path}: {error.strerror}; make room or choose another --results-dir, then run it again"
        ) from error
    return hashlib.sha256(content).hexdigest()


def write_json(path: Path, schema: str, body: Mapping[str, Any]) -> None:
    """Write a record: its ``schema``, the sha256 of both, and the ``body``; ValueError where a number is not finite."""
    write_bytes(path, _record_text(schema, body).encode())


def read_json(path: Path, schema: str) -> dict[str, Any]:
    """Return the body of a record.

    Raises:
        IntegrityError: some byte is not what ``write_json`` wrote under ``schema``.
        Unreadable: the system does not let the file be read.
    """
    content = _content(path, "run again")
    try:
        text = content.decode()
        found = json.loads(text)
        body: dict[str, Any] = found["record"]
        if found["schema"] != schema:
            raise IntegrityError(
                f"{path} has the schema {found['schema']!r}: expected {schema!r}; move it away and run again", path
            )
        whole = _is_record_text(text, schema, body)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise IntegrityError(
            f"{path} is damaged: its content does not match its hash; move it away and run again", path
        )
    return body


def _record_text(schema: str, body: Mapping[str, Any]) -> str:
    return json.dumps(_with_digest(schema, body), allow_nan=False, indent=1, ensure_ascii=False) + "\n"


def _is_record_text(text: str, schema: str, body: Mapping[str, Any]) -> bool:
    """Tell whether ``text`` is ``_record_text(schema, body)``, many times as fast as by making it.

    Python's fast encoder cannot indent. Pydantic's can, and differs in floats with an exponent. So a text with such a float
    is compared without its line breaks, and their places are checked.
    """
    whole = _with_digest(schema, body)
    if not EXPONENT.search(text) and text.encode() == to_json(whole, indent=1) + b"\n":
        return True
    joined = json.dumps(whole, allow_nan=False, separators=(",", ": "), ensure_ascii=False)
    return BREAK.sub("", text) == joined and _is_laid_out(text)


def _with_digest(schema: str, body: Mapping[str, Any]) -> dict[str, Any]:
    inner = json.dumps({"record": body, "schema": schema}, allow_nan=False, sort_keys=True, ensure_ascii=False)
    return {"schema": schema, "sha256": hashlib.sha256(inner.encode()).hexdigest(), "record": body}


def _is_laid_out(text: str) -> bool:
    """Tell whether each line of a JSON text has one item, after one space for each bracket that is open."""
    *lines, rest = BREAK.split(text)
    if rest or len(ITEM.findall(text)) != len(lines) or EMPTY.search(text):
        return False
    depths = accumulate((before[-1] in "{[") - (after[0] in "}]") for before, after in pairwise(lines))
    return [len(each) - 1 for each in BREAK.findall(text)] == [*depths, 0]


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, compress: bool = False) -> str:
    """Write named arrays as an .npz and return its sha256. The same arrays give the same bytes."""
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            # numpy.savez writes the time into each entry, so equal arrays would have different hashes.
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asanyarray(array), allow_pickle=False)
            archive.writestr(entry, content.getbuffer(), compress_type=method)
    return write_bytes(path, buffer.getvalue())


def read_arrays(path: Path, sha256: str, otherwise: str) -> Arrays:
    """Return the arrays of an .npz. Nothing in it is executed.

    Args:
        otherwise: what to do where it is missing or damaged, for the error.

    Raises:
        IntegrityError: the file is missing, or its bytes do not hash to ``sha256``.
        Unreadable: the system does not let the file be read.
    """
    content = _content(path, otherwise)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IntegrityError(f"{path} is damaged: its sha256 is not the recorded one; {otherwise}", path)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.removesuffix(".npy"): _array(archive.read(name)) for name in archive.namelist()}


def unpacked_bytes(path: Path) -> int:
    """Return the bytes of the arrays of an .npz, as it says of itself: a check before they are unpacked."""
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _array(content: bytes) -> NDArray[Any]:
    """Return the array of an .npy file as numpy.load does, many times as fast where its header was read before."""
    start = 10 + int.from_bytes(content[8:10], "little")
    shape, in_columns, dtype = _header(content[:start])
    if dtype.hasobject:
        raise ValueError("an array of objects: expected numbers or text")
    flat = np.frombuffer(content, dtype, prod(shape), start)
    return flat.reshape(shape, order="F" if in_columns else "C").copy(order="K")


@lru_cache(maxsize=1024)
def _header(content: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return the shape, whether the first axis runs fastest, and the type of an .npy file of version 1.0."""
    stream = io.BytesIO(content)
    np.lib.format.read_magic(stream)
    return np.lib.format.read_array_header_1_0(stream)


def _content(path: Path, otherwise: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise IntegrityError(f"cannot read {path}: it is missing; {otherwise}", path) from error
    except OSError as error:
        raise Unreadable(f"cannot read {path}: {error.strerror}; check its permissions", path) from error
