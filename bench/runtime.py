"""TensorFlow as this suite needs it, set up in one place before its first import, and what the record says of it."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import architectures
from bench import __version__
from bench.errors import BenchError

# What starts, shows, gathers and writes about runs, and can change none of their numbers.
ABOUT = (
    "cli.py",
    "command.py",
    "comparison/",
    "data_cli.py",
    "export.py",
    "grid.py",
    "masking.py",
    "phases.py",
    "report/",
    "report_cli.py",
    "show.py",
    "state.py",
    "sweep",
    "toml_lines.py",
)
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
LIBRARIES = ("tensorflow", "tf_keras", "tensorflow-model-optimization", "numpy", "pillow")


def prepare() -> None:
    """Import TensorFlow with legacy Keras, oneDNN and deterministic operations; BenchError where Keras 3 was already chosen.

    tensorflow-model-optimization works with tf_keras alone, and attack libraries tell label forms by ``tf.keras``
    types.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    # By itself TensorFlow takes oneDNN on some processors alone; on the others a training is four times slower without it.
    os.environ.setdefault(ONEDNN, "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silent_stderr():
        import tensorflow as tf

        name = tf.keras.__name__  # loads Keras

    if "tf_keras" not in name:
        raise BenchError(
            f"{name} was loaded before this suite: expected legacy Keras 2; start a new process "
            "with TF_USE_LEGACY_KERAS=1"
        )
    tf.config.experimental.enable_op_determinism()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    # TensorFlow writes lines about oneDNN and CUDA to the file descriptor before any of its log levels holds.
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def environment() -> dict[str, Any]:
    """Return what a reader needs to know of the machine and the software: versions, device, code."""
    import tensorflow as tf

    accelerators = [tf.config.experimental.get_device_details(each) for each in tf.config.list_physical_devices("GPU")]
    return {
        "versions": versions(),
        "device": [each.get("device_name", "GPU") for each in accelerators] or [f"CPU {platform.machine()}"],
        "platform": f"{platform.system()} {platform.machine()}",
        "code": code_hash(),
        "commit": _commit(),
        "onednn": os.environ[ONEDNN] == "1",
        "deterministic": True,
    }


def threads() -> int:
    """Return the number of threads that TensorFlow computes an operation with: those it was given, or one a core."""
    given = int(os.environ.get("TF_NUM_INTRAOP_THREADS") or 0)
    return given or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@contextmanager
def memory_hint(batch_size: int) -> Iterator[None]:
    """Turn "out of memory" inside the block into a BenchError that says what to do."""
    import tensorflow as tf

    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        raise BenchError(
            f"out of memory at batch size {batch_size}: take a smaller --batch-size or --image-size, or "
            "fewer --workers in a sweep"
        ) from error


def versions() -> dict[str, str]:
    """Return the version of this suite, of Python and of each library that can change a number."""
    return {"bench": __version__, "python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


@cache
def code_hash() -> str:
    """Return the sha256 of the suite's code that can change a number, the first 16 hex digits: equal where that code is."""
    digest = hashlib.sha256()
    for package in (sys.modules["bench"], architectures):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if package is architectures or not name.startswith(ABOUT):
                digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _commit() -> str | None:
    def git(*words: str) -> str | None:
        command = ["git", "-C", str(Path(__file__).parent), *words]
        try:
            found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return found.stdout.strip()

    # An installed copy may lie inside somebody else's repository, whose commit says nothing of this code.
    return git("describe", "--always", "--dirty") if git("ls-files", "--error-unmatch", Path(__file__).name) else None
