"""Send SIGINT once, SIGINT twice and SIGTERM to whole runs: how long they take to end, and whether a rerun is identical.

Too slow for the test suite; run it by hand:  python tests/support/signals.py
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path

import click
from kill_at_random import start
from records import identity

CASES = {"SIGINT once": [signal.SIGINT], "SIGINT twice": [signal.SIGINT] * 2, "SIGTERM": [signal.SIGTERM]}


@click.command()
@click.option("--arch", default="resnet18", show_default=True)
@click.option("--delay", default=0.5, show_default=True, help="when to send, as a fraction of an undisturbed run")
def main(arch: str, delay: float) -> None:
    """Print a line a case; exit 1 where a run took over 10 s to end or ended as another than the undisturbed one."""
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        began = time.monotonic()
        start(arch, Path(place) / "whole").wait()
        length = time.monotonic() - began
        for name, signals in CASES.items():
            process = start(arch, Path(place) / name)
            time.sleep(delay * length)
            sent = time.monotonic()
            for number in signals:
                process.send_signal(number)
                time.sleep(0.05)
            code, took = process.wait(), time.monotonic() - sent
            while start(arch, Path(place) / name).wait() != 0:
                pass
            same = identity(Path(place) / "whole") == identity(Path(place) / name)
            wrong += took > 10 or not same
            click.echo(f"{name}: exit {code} after {took:.2f} s, then {'identical' if same else 'DIFFERENT'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
