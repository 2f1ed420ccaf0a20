"""Networks of one dense kernel, and how a pruning method changes it step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import tf_keras as keras

from bench.methods.base import Method


def one_kernel(weights: list[float]) -> Any:
    """Build a network of one dense layer, without bias, whose kernel is ``weights``."""
    pixels = keras.Input((len(weights),))
    model = keras.Model(pixels, keras.layers.Dense(1, use_bias=False, name="fc")(pixels))
    model.set_weights([np.array(weights, np.float32)[:, None]])
    return model


def pass_through(model: Any, method: Method, steps: int) -> list[np.ndarray[Any, Any]]:
    """Call the wrapped network ``steps`` times as a training does, changing no weight; return the kernel after each."""
    wrapped = method.prepare(model)
    wrapped.compile(keras.optimizers.SGD(0.0))
    (callback,) = method.callbacks()
    callback.set_model(wrapped)
    callback.on_train_begin()
    kernels = []
    for step in range(steps):
        callback.on_train_batch_begin(step)
        wrapped(np.ones((1, model.input_shape[1]), np.float32), training=True)
        kernels.append(model.get_layer("fc").kernel.numpy()[:, 0].copy())
    return kernels
