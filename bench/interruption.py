"""SIGINT and SIGTERM ask a training to stop at its next step; a second one ends the process at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from bench.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether a signal has asked to stop, and which."""

    signal_number: int | None = None

    def check(self, where: str) -> None:
        """Raise Interrupted where a signal has come; ``where`` says what is safe on disk."""
        if self.signal_number is not None:
            raise Interrupted(f"interrupted: {where}; run the same command again to go on", self.signal_number)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.signal_number is not None:
            os._exit(128 + number)
        self.signal_number = number


@contextmanager
def stopping() -> Iterator[Stop]:
    """Catch the signals inside the block; outside it they do what they did before."""
    stop = Stop()
    before = {number: signal.signal(number, stop._on_signal) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
