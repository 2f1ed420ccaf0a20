"""The contract of a method: the points at which a compression, regularisation or defence acts on a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.datasets.base import Images, Labels
from bench.records.schema import Metrics

# (labels, logits) -> the loss of each image, shape (n,). Labels are classes, int64 (n,), or probabilities, float32 (n, classes).
Loss = Callable[[Any, Any], Any]
OWN_RATE = 0.05


@dataclass(frozen=True)
class Sources:
    """What a method may take of other trainings, where a network is trained.

    Args:
        network: maps the name of a run's folder to its trained network at the same seed, plain.
        images: some training images, float32, (n, height, width, 3), pixel levels.
    """

    network: Callable[[str], Any]
    images: Images


class Method:
    """A method that does nothing. A real one overrides the hooks that it needs. Models are tf_keras models.

    A method of another package is a frozen dataclass with a class attribute ``kind``, its name. The entry point of the
    same name in the group ``bench.methods`` names the class, and ``--method "name(setting=value)"`` asks for it.
    """

    def conv(self, conv: Callable[..., Any]) -> Callable[..., Any]:
        """Return what the architecture makes convolutions with, given what it would use. Called once a build."""
        return conv

    def dense(self, dense: Callable[..., Any]) -> Callable[..., Any]:
        """Return what the architecture makes dense layers with, given what it would use. Called once a build."""
        return dense

    def start(self, model: Any) -> None:
        """Set the weights to start from in ``model``, the network as the architecture built it."""

    def prepare(self, model: Any) -> Any:
        """Return the model to train, given the one that the architecture built."""
        return model

    def warm_start(self, model: Any, steps: int) -> None:
        """Set the state that the method keeps in ``model`` to what it is after ``steps`` steps without pruning."""

    def loss(self, loss: Loss) -> Loss:
        """Return the loss to train on, given the one that would be used."""
        return loss

    def targets(self, images: Any, labels: Any) -> Any:
        """Return the labels to train a step on, given those that would be used. Part of the compiled step.

        Args:
            images: those of the batch, float32, (n, height, width, 3), pixel levels.
            labels: classes, int64 (n,), or probabilities, float32 (n, classes). Either may be returned.
        """
        del images
        return labels

    def inputs(self, model: Any, images: Any, labels: Any, loss: Loss, step: Any) -> Any:
        """Return the images to train a step on, given those of the batch. Part of the compiled step.

        It leaves every variable of ``model`` as it is.

        Args:
            images: float32, (n, height, width, 3), pixel levels.
            labels: those to train on, as ``targets`` returns them.
            loss: the loss that is trained on, with what all methods make of it.
            step: the number of optimiser steps before, an int64 scalar; with a seed it makes the key of a stateless draw.
        """
        del model, labels, loss, step
        return images

    def penalty(self, model: Any) -> Any:
        """Return what to add to the mean loss of a batch, a scalar tensor of the weights of ``model``; None for nothing."""
        del model
        return None

    def own_variables(self, model: Any) -> list[Any]:
        """Return the trainable variables that the method added to ``model``.

        They are trained by Adam at ``OWN_RATE``, apart from the weights: weight decay, clipping and the schedule of the
        learning rate leave them alone.
        """
        del model
        return []

    def measure(self, model: Any, images: Images, labels: Labels, loss: Loss) -> dict[str, float]:
        """Return what to add to the row of an epoch, measured at its end. It leaves every variable of ``model`` as it is.

        Args:
            images: a few training images, the same at every epoch, float32, (n, height, width, 3), pixel levels.
            labels: their classes, int64 (n,).
            loss: the loss that is trained on, with what all methods make of it.
        """
        del model, images, labels, loss
        return {}

    def callbacks(self) -> list[Any]:
        """Return the callbacks whose ``on_train_begin``, ``on_train_batch_begin`` and ``on_epoch_end`` the training calls."""
        return []

    def finish(self, model: Any) -> Any:
        """Return the plain model, given the trained one."""
        return model

    def verify(self, metrics: Metrics) -> None:
        """Raise BenchError where what was measured of the plain model is not what the method promises."""
