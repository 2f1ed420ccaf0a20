"""A worker runs each job as a process of its own, which dies with the worker."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError, TryLater
from bench.records.files import write_bytes

PARENT = "BENCH_PARENT"
PR_SET_PDEATHSIG = 1
# The runs that this worker has started and not interrupted yet, by their logs.
_at_work: dict[str, subprocess.Popen[bytes]] = {}


def start(words: Sequence[str], log: str, last_exit: str, threads: int, gpu: str | None) -> int:
    """Run ``bench`` with ``words`` and return its exit code, negative where a signal ended it.

    The file ``log`` gets the output, after what it has, and ``last_exit`` the exit code. 0 ``threads`` are as many as
    TensorFlow likes.

    Raises:
        TryLater: the log cannot be written.
    """
    try:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        with Path(log).open("ab") as file:
            file.write(f"\n$ bench {' '.join(words)}\n".encode())
            file.flush()
            command = [sys.executable, "-m", "bench.cli", *words]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=_environment(threads, gpu)
            )
            _at_work[log] = process
            code = process.wait()
            _at_work.pop(log, None)
        write_bytes(Path(last_exit), json.dumps({"code": code, "ended": int(time.time())}).encode())
    except OSError as error:
        raise TryLater(f"cannot write {log}: {error.strerror}") from error
    return code


def attempt(words: Sequence[str], log: str, last_exit: str, threads: int, gpus: int) -> tuple[int, str, float]:
    """Do ``start`` and return (exit code, what went wrong outside the run, seconds). A worker calls it.

    The worker's number chooses one of ``gpus``. No error is raised: it would end the whole sweep.
    """
    gpu = None
    if gpus:
        from distributed import get_worker

        gpu = str(int(get_worker().name) % gpus)
    began = time.monotonic()
    try:
        code, trouble = start(words, log, last_exit, threads, gpu), ""
    except BenchError as error:
        code, trouble = error.exit_code, str(error)
    return code, trouble, time.monotonic() - began


def interrupt(logs: Sequence[str]) -> None:
    """Ask the runs with these ``logs`` that this worker started to stop. Each is asked once: a second signal kills."""
    for log in logs:
        process = _at_work.pop(log, None)
        if process is not None:
            process.send_signal(signal.SIGTERM)


def _environment(threads: int, gpu: str | None) -> dict[str, str]:
    own = {PARENT: str(os.getpid())}
    if threads:
        own |= {"TF_NUM_INTRAOP_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    if gpu is not None:
        own["CUDA_VISIBLE_DEVICES"] = gpu
    return {**os.environ, **own}


def leash() -> None:
    """Let the system kill this process when its parent ends; end now where the parent is gone already.

    Only Linux has the call. Elsewhere the run of a killed worker goes on, and its lock keeps a second one away.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get(PARENT) not in (None, str(os.getppid())):
        os._exit(143)


def dask_setup(_worker: object) -> None:
    """Give a worker and its runs a process group of their own, so that Ctrl-C reaches the sweep alone."""
    os.setpgid(0, 0)
