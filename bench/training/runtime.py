"""Sets TensorFlow up before its first import."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import BenchError
from bench.records.processor import cores
from bench.records.provenance import ONEDNN


def prepare() -> None:
    """Import TensorFlow with legacy Keras, oneDNN and deterministic operations; BenchError where Keras 3 is loaded already.

    tensorflow-model-optimization works with tf_keras only, and attack libraries recognise forms of labels by ``tf.keras``
    types.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    # TensorFlow turns oneDNN on for some processors only; on the others a training is four times slower without it.
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
    # TensorFlow writes lines about oneDNN and CUDA to the file descriptor before its log level has an effect.
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def threads() -> int:
    """Return the number of threads of one TensorFlow operation: as the environment says, or one for each core."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS") or 0) or cores()


@contextmanager
def memory_hint(batch_size: int) -> Iterator[None]:
    """Turn "out of memory" inside the block into a BenchError that says what to change."""
    import tensorflow as tf

    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        raise BenchError(
            f"out of memory at batch size {batch_size}: take a smaller --batch-size or --image-size, or "
            "fewer --workers in a sweep"
        ) from error
