"""The start and the duration of a piece of work."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime

from bench.records.schema import Volatile
from bench.training.runtime import threads


class Clock:
    """Starts when it is made. Durations do not depend on the wall clock."""

    def __init__(self) -> None:
        self._began, self._started = time.monotonic(), datetime.now(UTC)

    def read(self) -> Volatile:
        """Return the start, the seconds since, the host and the threads."""
        return Volatile(
            started=self._started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._began, 3),
            host=socket.gethostname(),
            threads=threads(),
        )
