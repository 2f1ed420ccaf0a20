"""One line of ``bench doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad a finding is: a note stops nothing, an error does."""

    OK = "ok"
    NOTE = "note"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """What was found.

    Args:
        name: what was looked at.
        text: what was found.
        remedy: what to do next; empty where there is nothing to do.
    """

    name: str
    text: str
    state: State = State.OK
    remedy: str = ""
