"""Proximal gradient descent: after an optimiser step, a closed form takes the step of a penalty that has no gradient at zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tf_keras as keras

from bench.methods.kernels import kernel_layers

# (kernels, threshold) -> None; it changes the kernels in place.
Proximal = Callable[[list[Any], float], None]


class ProximalSteps(keras.callbacks.Callback):  # type: ignore[misc]  # tf_keras has no types
    """Apply a proximal operator to the kernels after every ``every``-th optimiser step, and at the end of each epoch.

    The threshold is ``factor`` times the learning rate of the last step times the number of steps since the operator was
    last applied. It depends on the number of steps alone, so that a resumed training goes on the same.

    Source: Parikh & Boyd 2014, "Proximal algorithms", section 4.2. Departures: the optimiser has momentum m, which makes the
    steps of the loss 1 / (1 - m) times as long and not those of the penalty, so that (1 - m) ``factor`` counts; and with
    ``every`` above 1 several steps share one application.
    """

    def __init__(self, operator: Proximal, factor: float, every: int = 1) -> None:
        super().__init__()
        self.operator, self.factor, self.every = operator, factor, every

    def on_train_begin(self, logs: Any = None) -> None:
        """Take the learning rates of the optimiser and the kernels of the model."""
        del logs
        self.rate = keras.optimizers.schedules.deserialize(self.model.optimizer.get_config()["learning_rate"])
        self.kernels = [layer.kernel for layer in kernel_layers(self.model)]

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Apply the operator after the step before ``batch``, where it is due. An epoch's last step is the epoch's own."""
        del logs
        done = int(self.model.optimizer.iterations)
        if batch and done % self.every == 0:
            self._apply(done, min(self.every, batch))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Apply the operator after the last step of an epoch."""
        del logs
        done = int(self.model.optimizer.iterations)
        self._apply(done, min(done % self.every or self.every, done // (epoch + 1)))

    def _apply(self, done: int, steps: int) -> None:
        self.operator(self.kernels, self.factor * steps * float(self.rate(done - 1)))
