"""A worker runs one job at a time, as a process of its own, which dies with the worker."""

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
from threading import Lock

from bench.errors import BenchError, TryLater
from bench.records.files import write_bytes

PARENT = "BENCH_PARENT"
PR_SET_PDEATHSIG = 1
# The runs that this worker has started and not interrupted yet, by their logs.
_at_work: dict[str, subprocess.Popen[bytes]] = {}
# A run may use all cores and all memory of its worker, which may have a thread for each core.
_alone = Lock()


def attempt(words: Sequence[str], log: str, last_exit: str, threads: int, gpus: int) -> tuple[int, str, float]:
    """Run ``bench`` with ``words`` and return (exit code, what went wrong outside the run, seconds). A worker calls it.

    The exit code is negative where a signal ended the run. The file ``log`` gets the output, after what it has, and
    ``last_exit`` the exit code. 0 ``threads`` are as many as TensorFlow likes. The worker's number chooses one of ``gpus``.
    No error is raised: it would end the whole sweep.
    """
    with _alone:
        began = time.monotonic()
        code, trouble = _run(words, Path(log), Path(last_exit), threads, gpus)
        return code, trouble, time.monotonic() - began


def _run(words: Sequence[str], log: Path, last_exit: Path, threads: int, gpus: int) -> tuple[int, str]:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            file.write(f"\n$ bench {' '.join(words)}\n".encode())
            file.flush()
            command = [sys.executable, "-m", "bench.cli", *words]
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=_environment(threads, gpus),
            )
            _at_work[str(log)] = process
            code = process.wait()
            _at_work.pop(str(log), None)
        write_bytes(last_exit, json.dumps({"code": code, "ended": int(time.time())}).encode())
    except OSError as error:
        return TryLater.exit_code, f"cannot write {log}: {error.strerror}"
    except BenchError as error:
        return error.exit_code, str(error)
    return code, ""


def interrupt(logs: Sequence[str]) -> None:
    """Ask the runs with these ``logs`` that this worker started to stop. Each is asked once: a second signal kills."""
    for log in logs:
        process = _at_work.pop(log, None)
        if process is not None:
            process.send_signal(signal.SIGTERM)


def _environment(threads: int, gpus: int) -> dict[str, str]:
    own = {PARENT: str(os.getpid())}
    if threads:
        own |= {"TF_NUM_INTRAOP_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    if gpus:
        from distributed import get_worker

        own["CUDA_VISIBLE_DEVICES"] = str(int(get_worker().name) % gpus)
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
