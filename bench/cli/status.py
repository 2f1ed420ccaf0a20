"""``bench status``: parse, call, print."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from bench.cli.options import JSON, RECORDED
from bench.errors import IntegrityError, Unreadable
from bench.records.status import RunStatus, State, status_of
from bench.records.store import Folder, folders
from bench.records.studies import studies

Rows = Sequence[tuple[Folder, RunStatus]]


@click.command()
@RECORDED
@JSON
def status(results_dir: Path, as_json: bool) -> None:
    """List every run with its state: done, running, failed, diverged and so on, and the path of its log.

    The exit code is 4 where a record is damaged or cannot be read, that of a run or of several networks.
    """
    found = list(folders(results_dir))
    rows = [(each, status_of(each)) for each in found if isinstance(each, Folder)]
    broken = [each for each in found if not isinstance(each, Folder)]
    known = {str(each) for each in broken}
    broken += [each for _, each in studies(results_dir) if isinstance(each, IntegrityError) and str(each) not in known]
    click.echo(_json(rows, broken) if as_json else _table(rows, broken) or f"no run under {results_dir}")
    states = [seen.state for _, seen in rows] + [_state(error) for error in broken]
    counts = [(states.count(State.INVALID), "damaged"), (states.count(State.UNREADABLE), "unreadable")]
    if any(count for count, _ in counts):
        words = ", ".join(f"{count} {word}" for count, word in counts if count)
        raise IntegrityError(f"left out: {words}; the list says which record, and what to do")


def _state(error: IntegrityError) -> State:
    return State.UNREADABLE if isinstance(error, Unreadable) else State.INVALID


def _table(rows: Rows, broken: Sequence[IntegrityError]) -> str:
    """Return one line for each run, one for each folder that names no run, and one for each other record that is damaged."""
    lines = [seen.line(folder.run) for folder, seen in rows]
    return "\n".join([*lines, *[f"{_state(error):<11}  {error}" for error in broken]])


def _json(rows: Rows, broken: Sequence[IntegrityError]) -> str:
    runs = [seen.row(folder.run) for folder, seen in rows]
    return json.dumps({"runs": runs, "broken": [str(error) for error in broken]}, ensure_ascii=False)
