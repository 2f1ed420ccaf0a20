"""Reads and writes a record of a type, alone or with arrays beside it. Nothing half-written or damaged is returned."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bench.errors import IntegrityError, Unreadable
from bench.records.files import Arrays, read_arrays, read_json, write_arrays, write_json
from bench.records.schema import Artefact, AttackRecord, AuditRecord, CaseRecord, LookRecord, Record, schema_of

AnyRecord = TypeVar("AnyRecord", bound=Record)
WithArrays = TypeVar("WithArrays", AttackRecord, AuditRecord, CaseRecord, LookRecord)


def read_with_arrays(path: Path, kind: type[WithArrays]) -> tuple[WithArrays, Arrays]:
    """Return a record and the arrays beside it; IntegrityError where one of them is damaged."""
    record, arrays = read_record(path, kind), path.with_suffix(".npz")
    if arrays.name not in record.artefacts:
        raise IntegrityError(f"{path} does not name {arrays.name}: move it away and run again", path)
    otherwise = f"move {path.name} away and run again"
    return record, read_arrays(arrays, record.artefacts[arrays.name].sha256, otherwise)


def records_in(folder: Path) -> list[Path]:
    """Return the files of records in a folder, in order of name."""
    return [path for path in listed(folder) if path.suffix == ".json" and not path.name.startswith(".")]


def write_with_arrays(path: Path, record: WithArrays, arrays: Arrays) -> WithArrays:
    """Write ``arrays``, then ``record`` with their hash; return the record."""
    beside = path.with_suffix(".npz")
    sha256 = write_arrays(beside, arrays, compress=True)
    whole = record.model_copy(update={"artefacts": {beside.name: artefact(beside, sha256)}})
    write_record(path, whole)
    return whole


def listed(path: Path) -> list[Path]:
    """Return what is in a folder, in order of name; nothing where it is no folder."""
    try:
        return sorted(path.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Unreadable(f"cannot read {path}: {error.strerror}; check its permissions", path) from error


def is_there(path: Path) -> bool:
    """Tell whether there is a file or a folder at ``path``; Unreadable where the system does not say."""
    try:
        return path.exists()
    except OSError as error:
        raise Unreadable(f"cannot read {path}: {error.strerror}; check its permissions", path) from error


def read_record(path: Path, kind: type[AnyRecord]) -> AnyRecord:
    """Return the record in ``path``; IntegrityError where it is damaged or not of its type."""
    body = read_json(path, schema_of(kind))
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        wrong = f"lacks {place!r}" if first["type"] == "missing" else f"has a wrong {place!r}: {first['msg']}"
        raise IntegrityError(f"{path} {wrong if place else first['msg']}; move it away and run again", path) from error


def write_record(path: Path, record: Record) -> None:
    """Write ``record`` as JSON with its schema and hash. Fields that were never set are left out."""
    write_json(path, schema_of(type(record)), record.model_dump(mode="json", exclude_unset=True))


def artefact(path: Path, sha256: str) -> Artefact:
    """Return what a record says of the file beside it."""
    return Artefact(sha256=sha256, bytes=path.stat().st_size)
