"""ONNX files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx
from numpy.typing import NDArray

from bench.deployment.formats import Deployed

OPSET = 17


def write(model: Any, path: Path) -> None:
    """Write ``model`` in float32, with opset 17."""
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="pixels")]
    function = tf.function(lambda pixels: model(pixels, training=False), input_signature=signature)
    tf2onnx.convert.from_function(function, signature, opset=OPSET, output_path=str(path))


def load(path: Path, threads: int) -> Deployed:
    """Return the network in ``path``, in ONNX Runtime on the processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0].name

    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {entry: images})[0])

    return run
