"""A worker out of reach of what the terminal sends: the sweep alone tells it to stop, when its run has left a checkpoint."""

from __future__ import annotations

import os


def dask_setup(_worker: object) -> None:
    """Give the worker that starts, and the runs that it will start, a process group of its own: Ctrl-C is the sweep's."""
    os.setpgid(0, 0)
