"""What a run's folder says of it. The folders are the only truth: no list of jobs is kept anywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.attacks.spec import AttackSpec
from bench.errors import BenchError
from bench.records.store import Folder


class State(StrEnum):
    """The state of a run; only done and diverged are final."""

    DONE = "done"
    DIVERGED = "diverged"
    RUNNING = "running"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    INVALID = "invalid"
    PENDING = "pending"


FINAL = (State.DONE, State.DIVERGED)
# What a process says when the same command may succeed later: signals, 75 (disk, network), 5 (another process has it).
STOPPED = (5, 75, 130, 143)


@dataclass(frozen=True)
class RunStatus:
    """The state of a run, a note (why it failed, how far it is) and where its log stands, where there is one."""

    state: State
    note: str = ""
    log: Path | None = None


def status_of(folder: Folder, specs: Sequence[AttackSpec] = ()) -> RunStatus:
    """Return the state of the run of ``folder``, asked for with ``specs``; with none, its training and what attacks it has."""
    log = None
    try:
        if not folder.path.exists():
            return RunStatus(State.PENDING)
        log = folder.log if folder.log.exists() else None
        if folder.is_locked():
            return RunStatus(State.RUNNING, _last_line(log), log)
        record = folder.training()
        if record is not None and record.diverged:
            return RunStatus(State.DIVERGED, f"epoch {record.epoch}", log)
        attacked = folder.attacks()
    except BenchError as error:
        return RunStatus(State.INVALID, str(error), log)
    except PermissionError as error:
        return RunStatus(State.INVALID, f"cannot read {error.filename}: {error.strerror}", log)
    except OSError:  # gone since: somebody clears the folder, to begin again
        return RunStatus(State.RUNNING, "", log)
    missing = [spec.name for spec in specs if spec.name not in attacked]
    if record is not None and attacked and not missing:
        return RunStatus(State.DONE, f"accuracy {record.measured.accuracy:.4f}", log)
    code = exit_code(folder)
    if code is not None and code > 0 and code not in STOPPED:
        return RunStatus(State.FAILED, f"exit code {code}: {_last_line(log)}", log)
    if record is not None:
        return RunStatus(State.INTERRUPTED, f"trained, to be attacked by {', '.join(missing) or 'anything'}", log)
    if folder.checkpoints.exists() or code is not None:
        return RunStatus(State.INTERRUPTED, "", log)
    return RunStatus(State.PENDING, "", log)


def exit_code(folder: Folder) -> int | None:
    """Return the exit code of the last process a sweep started for the run, None where there was none."""
    try:
        return int(json.loads(folder.last_exit.read_text())["code"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _last_line(log: Path | None) -> str:
    if log is None:
        return ""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 2000))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""  # gone since
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
