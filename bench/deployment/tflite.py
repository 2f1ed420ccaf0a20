"""LiteRT (TensorFlow Lite) files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from bench.deployment.formats import Deployed


def write(model: Any, path: Path) -> None:
    """Write ``model`` in float32."""
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())


def load(path: Path, threads: int) -> Deployed:
    """Return the network in ``path``, in the LiteRT interpreter."""
    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    entry, exit_ = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    size = 0

    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        nonlocal size
        if len(images) != size:
            interpreter.resize_tensor_input(entry, images.shape)
            interpreter.allocate_tensors()
            size = len(images)
        interpreter.set_tensor(entry, images)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(exit_))

    return run
