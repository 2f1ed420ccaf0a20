"""What a worker does with a job: start it as a process of its own, wait, and say how it ended. The process dies with it."""

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
# The runs that this worker has started and that no signal was sent to yet, by their logs.
_at_work: dict[str, subprocess.Popen[bytes]] = {}


def start(words: Sequence[str], log: str, last_exit: str, threads: int, gpu: str | None) -> int:
    """Run ``bench`` with ``words`` and return its exit code, negative where a signal ended it.

    What it says goes to the end of ``log``, how it ended to ``last_exit``. TensorFlow gets ``threads`` threads, 0 for as
    many as it likes, and of the GPUs the one numbered ``gpu``. TryLater where the log cannot be written.
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
    """Return (exit code, what went wrong outside the run, seconds); an exception would end the sweep and not the run alone.

    A worker calls it; where there are ``gpus``, its number chooses one.
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
    """Ask the runs with these ``logs``, where this worker has started them, to stop; each once, for a second signal kills."""
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
    """Ask the system to kill this process with its parent; where the parent is gone already, end now.

    Linux alone has the call; elsewhere a killed worker's run goes on, and its lock keeps a second one away.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get(PARENT) not in (None, str(os.getppid())):
        os._exit(143)


def dask_setup(_worker: object) -> None:
    """Give the worker that starts, and the runs that it will start, a process group of its own: Ctrl-C is the sweep's."""
    os.setpgid(0, 0)
