"""``bench`` on a leash: the process that a worker starts ends when the worker does, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from bench.sweep.child import PARENT

PR_SET_PDEATHSIG = 1


def leash() -> None:
    """Ask the system to kill this process with its parent; where the parent is gone already, end now.

    Linux alone has the call; elsewhere a killed worker's run goes on, and its lock keeps a second one away.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get(PARENT) not in (None, str(os.getppid())):
        os._exit(143)


if __name__ == "__main__":
    leash()
    from bench.cli import main

    main(sys.argv[1:], prog_name="bench")
