"""Lottery tickets: the weights that a trained network kept, trained again from where that network began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from bench.methods.base import Method
from bench.methods.kernels import kernel_layers
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.proximal import ProximalSteps
from bench.records.schema import Metrics


@dataclass(frozen=True)
class Rewinding(Method):
    """Train from the first weights of ``trained``, without those that ``criterion`` takes from its last ones.

        w <- m * w   before the first step and after each, where m is 0 for the weights that go and 1 for the others

    The first weights are those of the same seed, so that both networks begin alike. The whole training is done again.

    Departures: the source repeats pruning and rewinding in rounds; this is one round. Weights are rewound to the start, not
    to an early step. The norm that the gradient is clipped to counts the weights that are gone.
    Source: Frankle & Carbin 2019, arXiv:1803.03635, section 1.

    Args:
        criterion: which weights go.
        trained: the trained dense network; None where the network is not trained but rebuilt.
    """

    criterion: MagnitudePruning
    trained: Any

    def callbacks(self) -> list[Any]:
        """Return the callback that sets the weights that go to zero, before the first step and after each."""
        return [_Masks([tf.constant(mask) for mask in self._masks()])]

    def verify(self, metrics: Metrics) -> None:
        """Raise BenchError where the criterion's promise is not kept."""
        self.criterion.verify(metrics)

    def _masks(self) -> list[Any]:
        """Return 1 for each weight that stays and 0 for each that goes, a float32 array for each kernel."""
        copy = keras.models.clone_model(self.trained)
        copy.set_weights(self.trained.get_weights())
        wrapped = self.criterion.prepare(copy)
        wrapped.compile(keras.optimizers.SGD(0.0))
        (clock,) = self.criterion.callbacks()
        clock.set_model(wrapped)
        clock.on_train_begin()
        # One call in training prunes to the end of a schedule of one step.
        for step in range(2):
            clock.on_train_batch_begin(step)
            wrapped(tf.zeros((1, *copy.input_shape[1:])), training=True)
        pruned = self.criterion.finish(wrapped)
        return [(layer.kernel.numpy() != 0).astype(np.float32) for layer in kernel_layers(pruned)]


class _Masks(ProximalSteps):
    """Multiply each kernel by its mask. The first time is after every method has set the weights that it starts from."""

    def __init__(self, masks: list[Any]) -> None:
        def apply(kernels: list[Any], _threshold: float) -> None:
            for kernel, mask in zip(kernels, masks, strict=True):
                kernel.assign(kernel * mask)

        super().__init__(apply, 1.0)

    def on_train_begin(self, logs: Any = None) -> None:
        """Apply the masks to the first weights; to those of a checkpoint it does what the next step would do."""
        super().on_train_begin(logs)
        self.operator(self.kernels, 0.0)
