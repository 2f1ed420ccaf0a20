"""Reads and writes the records that belong to no single run. No other module knows their paths.

results/fooling/<name>.json     how often the fooling images of networks fool one another
results/transfer/<name>.json    how far the features of a network carry over to another task
results/classes/<name>.json     what networks take for a class
results/*/<name>.png, .svg      pictures of them; not kept in git
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from bench.datasets.class_names import name_of
from bench.errors import IntegrityError, Unreadable
from bench.records.schema import ClassDrawingRecord, FoolingMatrixRecord, TransferRecord
from bench.records.typed_files import listed, read_record, write_record

Study = FoolingMatrixRecord | TransferRecord | ClassDrawingRecord
PLACES: dict[str, type[Study]] = {
    "fooling": FoolingMatrixRecord,
    "transfer": TransferRecord,
    "classes": ClassDrawingRecord,
}


def write_study(results: Path, record: Study) -> Path:
    """Write ``record`` below ``results`` and return its path. A study of the same networks, images and settings is replaced."""
    place = next(name for name, kind in PLACES.items() if isinstance(record, kind))
    path = results / place / f"{_name(record)}.json"
    write_record(path, record)
    return path


def studies(results: Path) -> Iterator[tuple[Path, Study | IntegrityError]]:
    """Yield the path of every study below ``results``, in order of name, with its record or the error that hides it."""
    for place, kind in PLACES.items():
        try:
            paths = listed(results / place)
        except Unreadable as error:
            yield results / place, error
            continue
        for path in paths:
            if path.suffix != ".json":
                continue
            try:
                yield path, read_record(path, kind)
            except IntegrityError as error:
                yield path, error


def weights_of(record: Study) -> dict[str, str]:
    """Return the sha256 of the weights of each network of ``record``, by its name."""
    if isinstance(record, TransferRecord):
        return {record.network: record.weights}
    return {each.name: each.weights for each in record.networks}


def _name(record: Study) -> str:
    """Return a readable head and a hash of the settings."""
    if isinstance(record, TransferRecord):
        cuts = dict.fromkeys((row.cut, row.c) for row in record.rows)
        radii = [row.eps for attack in record.attacks for row in attack.rows]
        settings = f"{record.data} {record.train} {record.val} {record.attacked} {[*cuts]} {radii}"
        settings += f" seed {record.seed}" * bool(record.seed)  # the default keeps the name that it had in old records
        head = re.sub(r"[^A-Za-z0-9.]+", "-", record.network)
    elif isinstance(record, ClassDrawingRecord):
        names = [each.name for each in record.networks]
        settings = f"{record.data} {record.target} {record.start} {sorted(record.settings.items())} {names}"
        head = re.sub(r"[^A-Za-z0-9.]+", "-", name_of(record.target))
    else:
        names = [each.name for each in record.networks]
        settings = f"{record.data} {record.eps!r} {record.steps} {record.seed} {record.images} {names}"
        head = f"{len(record.networks)}-networks"
    return f"{head}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"
