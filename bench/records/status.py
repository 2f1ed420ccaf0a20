"""The state of a run, read from its folder. No list of jobs is kept anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bench.attacks.spec import AttackSpec
from bench.errors import BenchError, Locked, TryLater, Unreadable
from bench.records.schema import AuditRecord
from bench.records.store import Folder
from bench.spec.run import Run


class State(StrEnum):
    """The state of a run. Only done and diverged are final."""

    DONE = "done"
    DIVERGED = "diverged"
    RUNNING = "running"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    INVALID = "invalid"
    UNREADABLE = "unreadable"
    PENDING = "pending"


FINAL = (State.DONE, State.DIVERGED)
# Exit codes after which the same command may succeed: another process holds the run; disk or network; a signal ended it.
STOPPED = (Locked.exit_code, TryLater.exit_code, 130, 143)


@dataclass(frozen=True)
class RunStatus:
    """The state of a run, a note (why it failed, how far it is) and the path of its log, if there is one."""

    state: State
    note: str = ""
    log: Path | None = None

    def line(self, run: Run) -> str:
        """Return one line: state, name and seed of ``run``, note, log."""
        return f"{self.state:<11}  {run.key}  {self.note}" + (f"  log {self.log}" if self.log else "")

    def row(self, run: Run) -> dict[str, Any]:
        """Return the same as a JSON object."""
        log = str(self.log) if self.log else None
        return {"run": run.name, "seed": run.seed, "state": str(self.state), "note": self.note, "log": log}


def status_of(
    folder: Folder,
    specs: Sequence[AttackSpec] = (),
    to_be_audited: Callable[[Mapping[str, AuditRecord]], Sequence[str]] = lambda _: (),
) -> RunStatus:
    """Return the state of the run in ``folder``.

    The run is done when it is trained, and that network is attacked by all of ``specs``, or without ``specs`` by at least
    one attack or audit, and no audit is missing.

    Args:
        to_be_audited: returns the names of the batteries that are wanted and that the network is not audited by, given its
            audits by the name of their battery.
    """
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
        attacks, audits = folder.attacks.all(), folder.audits.all()
        unaudited = to_be_audited(audits)
    except Unreadable as error:
        return RunStatus(State.UNREADABLE, str(error), log)
    except BenchError as error:
        return RunStatus(State.INVALID, str(error), log)
    except PermissionError as error:
        return RunStatus(
            State.UNREADABLE, f"cannot read {error.filename}: {error.strerror}; check its permissions", log
        )
    except OSError:  # it has just vanished: its process clears the folder, to start again
        return RunStatus(State.RUNNING, "", log)
    missing = [spec.name for spec in specs if spec.name not in attacks]
    if record is not None and (attacks or audits) and not missing and not unaudited:
        return RunStatus(State.DONE, f"accuracy {record.measured.accuracy:.4f}", log)
    code = _exit_code(folder)
    if code is not None and code > 0 and code not in STOPPED:
        return RunStatus(State.FAILED, f"exit code {code}: {_last_line(log)}", log)
    if record is not None:
        if attacks and not missing:
            return RunStatus(State.INTERRUPTED, f"attacked, to be audited ({', '.join(unaudited)})", log)
        return RunStatus(State.INTERRUPTED, f"trained, to be attacked by {', '.join(missing) or 'anything'}", log)
    if folder.checkpoints.exists() or code is not None:
        return RunStatus(State.INTERRUPTED, "", log)
    return RunStatus(State.PENDING, "", log)


def _exit_code(folder: Folder) -> int | None:
    """Return the exit code of the last process that a sweep started for the run; None where there was none."""
    try:
        return int(json.loads(folder.last_exit.read_text())["code"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _last_line(log: Path | None) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log else []
    except OSError:
        return ""  # it has just vanished
    return next((line.strip()[-2000:] for line in reversed(lines) if line.strip()), "")
