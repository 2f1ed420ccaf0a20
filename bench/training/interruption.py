"""SIGINT and SIGTERM ask a training to stop at its next step; a second one ends the process at once."""

from __future__ import annotations

import os
import signal
import threading
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
        self.signal_number = number


@contextmanager
def stopping() -> Iterator[Stop]:
    """Catch the signals inside the block; outside it they do what they did before. For the main thread."""
    stop = Stop()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = {number: signal.signal(number, stop._on_signal) for number in SIGNALS}
    woken = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_at_the_second, args=(reader,), daemon=True).start()
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writer)


def _end_at_the_second(reader: int) -> None:
    # A handler waits for the step that TensorFlow is in, and two signals within it are one to it; the pipe has each.
    caught = 0
    while number := os.read(reader, 1):
        caught += number[0] in SIGNALS
        if caught > 1:
            os._exit(128 + number[0])
    os.close(reader)
