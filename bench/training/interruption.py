"""Signals: a first SIGINT or SIGTERM stops a training at its next step, a second one ends the process at once."""

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
    """The signal that asked to stop, if any."""

    signal_number: int | None = None

    def check(self, where: str) -> None:
        """Raise Interrupted after a signal; ``where`` says what is saved on disk."""
        if self.signal_number is not None:
            raise Interrupted(f"interrupted: {where}; run the same command again to go on", self.signal_number)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.signal_number = number


@contextmanager
def stopping() -> Iterator[Stop]:
    """Catch the signals inside the block, in the main thread; afterwards the old handlers are back."""
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
    # A handler runs only after TensorFlow's current step, where two signals count as one; the pipe receives both.
    caught = 0
    while number := os.read(reader, 1):
        caught += number[0] in SIGNALS
        if caught > 1:
            os._exit(128 + number[0])
    os.close(reader)
