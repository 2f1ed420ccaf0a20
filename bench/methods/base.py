"""The points at which a compression or regularisation method may act on a training. The control acts at none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# (labels, logits) -> the loss of each image, shape (n,).
Loss = Callable[[Any, Any], Any]


class Method:
    """A method that does nothing: every hook is a no-op, to be overridden one by one.

    Models are tf_keras models, callbacks tf_keras callbacks.
    """

    def conv(self, conv: Callable[..., Any]) -> Callable[..., Any]:
        """Return what the architecture makes its convolutions with, given what it would use; fresh for every build."""
        return conv

    def prepare(self, model: Any) -> Any:
        """Return the model to train, given the one that the architecture built."""
        return model

    def take_up(self, model: Any, steps: int) -> None:
        """Set what the method keeps in ``model`` as it is after ``steps`` steps in which it did nothing yet."""

    def loss(self, loss: Loss) -> Loss:
        """Return the loss to train on, given the one that would be used."""
        return loss

    def callbacks(self) -> list[Any]:
        """Return the callbacks whose ``on_train_begin``, ``on_train_batch_begin`` and ``on_epoch_end`` the training calls."""
        return []

    def finish(self, model: Any) -> Any:
        """Return the plain model, given the trained one."""
        return model
