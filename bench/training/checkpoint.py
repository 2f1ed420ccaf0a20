"""Checkpoints: the state of a training at one step, from which a killed training goes on.

Two are kept. Where the newest does not verify, the one before is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import IntegrityError
from bench.records.files import Arrays, read_arrays, read_json, write_arrays, write_json

SCHEMA = "bench.checkpoint/2"
KEPT = 2


@dataclass
class Position:
    """Where a training is. ``epoch`` counts the finished epochs, ``history`` has a row for each, and ``step`` counts the
    finished steps of the current one.

    ``loss`` is the sum over the ``seen`` images of the current epoch, ``correct`` of which were classified correctly.
    """

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    correct: int = 0
    seen: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def save(folder: Path, identity: dict[str, Any], position: Position, arrays: Arrays) -> None:
    """Write a checkpoint and remove all but the newest two. ``identity`` must be the same to resume from it."""
    stem = f"{position.epoch:06d}-{position.step:06d}"
    sha256 = write_arrays(folder / f"{stem}.npz", arrays)
    write_json(folder / f"{stem}.json", SCHEMA, {"identity": identity, "position": asdict(position), "sha256": sha256})
    for old in sorted(folder.glob("*.json"), reverse=True)[KEPT:]:
        old.unlink()
    names = {path.stem for path in folder.glob("*.json")}
    for array_file in folder.glob("*.npz"):
        if array_file.stem not in names:
            array_file.unlink()


def newest(folder: Path, identity: dict[str, Any], report: Callable[[str], None]) -> tuple[Position, Arrays] | None:
    """Return the newest checkpoint that verifies, None where there is none. A broken one is reported and skipped.

    Raises:
        IntegrityError: a checkpoint has another ``identity``: to go on from it would mix two trainings.
    """
    for path in sorted(folder.glob("*.json"), reverse=True):
        try:
            body = read_json(path, SCHEMA)
            arrays = read_arrays(path.with_suffix(".npz"), body["sha256"], "it is passed over")
        except IntegrityError as error:
            report(f"checkpoint skipped: {error}")
            continue
        changed = sorted(key for key in identity if body["identity"].get(key) != identity[key])
        if changed:
            raise IntegrityError(
                f"the checkpoint {path} was made with another {', '.join(changed)}: "
                "restore what was changed, or start over with --restart"
            )
        return Position(**body["position"]), arrays
    return None
