"""A first signal asks a training to stop, a second one ends the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from bench.errors import Interrupted
from bench.training.interruption import stopping

STUCK = """
import hashlib, sys
from bench.training.interruption import stopping
with stopping():
    print("stuck", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # a call of minutes, in which no handler of Python's runs
"""


def test_the_second_signal_ends_the_process_even_inside_a_step() -> None:
    process = subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "stuck\n"
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
    process.stdout.close()


def test_the_first_signal_asks_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping() as stop:
        stop.check("nothing happened")
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted, match="epoch 1 is saved"):
            stop.check("epoch 1 is saved")
    assert signal.getsignal(signal.SIGTERM) is before
