"""Targets for attacks, in numpy, with exact gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.attacks.losses import CrossEntropy, Dlr, Logit, Loss, TargetedMargin, UnitGap
from bench.datasets.base import Split

Floats = NDArray[np.float64]


class Numpy:
    """A target whose subclass has ``_logits`` and ``_pulled``, the gradient by the images given that by the logits."""

    gradients = 0
    source: Any = None  # the network of another run

    def other(self, _name: str) -> Any:
        return self.source or self

    def logits(self, images: Any) -> Any:
        return self._logits(images).astype(np.float32)

    def gradient(self, images: Any, labels: Any, loss: Loss) -> Any:
        return self.step(images, labels, loss, labels)[2]

    def step(self, images: Any, labels: Any, loss: Loss, others: Any) -> tuple[Any, Any, Any]:
        self.gradients += len(images)
        logits = self._logits(images)
        values, by_logits = loss_of(logits, labels, loss, others)
        gradient = self._pulled(images, by_logits).reshape(images.shape)
        return logits.astype(np.float32), values.astype(np.float32), gradient.astype(np.float32)

    def _logits(self, images: Any) -> Floats:
        raise NotImplementedError

    def _pulled(self, images: Any, by_logits: Floats) -> Floats:
        raise NotImplementedError


@dataclass
class TwoLayers(Numpy):
    """logits = tanh((x / 255) W + b) V in float64, where x is an image of n values; W (n, h), b (h,), V (h, classes)."""

    inner: Floats
    bias: Floats
    outer: Floats
    temperature: float = 1.0

    def _logits(self, images: Any) -> Floats:
        return self._hidden(images) @ self.outer

    def _pulled(self, images: Any, by_logits: Floats) -> Floats:
        hidden = self._hidden(images)
        return np.asarray((by_logits @ self.outer.T * (1 - hidden**2)) @ self.inner.T / 255)

    def _hidden(self, images: Any) -> Floats:
        return np.tanh(images.reshape(len(images), -1).astype(np.float64) / 255 @ self.inner + self.bias)


def as_network(target: TwoLayers, size: tuple[int, int, int]) -> Any:
    """Return ``target`` as a tf_keras model of images of ``size``."""
    import tf_keras as keras

    pixels = keras.Input(size)
    hidden = keras.layers.Dense(len(target.bias), activation="tanh")
    outer = keras.layers.Dense(target.outer.shape[1], use_bias=False)
    model = keras.Model(pixels, outer(hidden(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels)))))
    hidden.set_weights([target.inner, target.bias])
    outer.set_weights([target.outer])
    return model


@dataclass
class Linear(Numpy):
    """logits = x W + b in float64, where x is an image of n values; W (n, classes), b (classes,)."""

    weights: Floats
    bias: Floats
    temperature: float = 1.0

    def _pulled(self, _images: Any, by_logits: Floats) -> Floats:
        return by_logits @ self.weights.T

    def _logits(self, images: Any) -> Floats:
        return np.asarray(images.reshape(len(images), -1).astype(np.float64) @ self.weights + self.bias)


def loss_of(logits: Floats, labels: Any, loss: Loss, others: Any) -> tuple[Floats, Floats]:
    """Return the loss of each image, (n,), and its gradient by the logits, (n, classes)."""
    rows, classes = np.arange(len(labels)), logits.shape[1]
    true, ordered = np.eye(classes)[labels], np.sort(logits, axis=1)
    if isinstance(loss, CrossEntropy | UnitGap):
        scale = loss.temperature if isinstance(loss, CrossEntropy) else ordered[:, -1:] - ordered[:, -2:-1]
        powers = np.exp((logits - ordered[:, -1:]) / scale)
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        return -np.log(probabilities[rows, labels]), (probabilities - true) / scale
    if isinstance(loss, Logit):
        return logits[rows, others], np.eye(classes)[others]
    if not isinstance(loss, TargetedMargin):
        others = np.where(true == 1, -np.inf, logits).argmax(axis=1)
    margin = logits[rows, others] - logits[rows, labels]
    by_logits = np.eye(classes)[others] - true
    if isinstance(loss, Dlr):
        third = np.argsort(logits, axis=1, kind="stable")
        gap = ordered[:, -1] - ordered[:, -3]
        by_gap = np.eye(classes)[third[:, -1]] - np.eye(classes)[third[:, -3]]
        return margin / gap, (by_logits - (margin / gap)[:, None] * by_gap) / gap[:, None]
    return margin, by_logits


def fixed() -> tuple[TwoLayers, Any, Any]:
    """Return a target with weights from a formula, the same everywhere, with five images of 6 x 6 px, all correct."""
    values, hidden, classes = 6 * 6 * 3, 8, 4
    inner = np.cos(np.arange(values * hidden) ** 1.5).reshape(values, hidden) / 3
    outer = np.sin(np.arange(hidden * classes) ** 1.3).reshape(hidden, classes) * 2
    images = np.floor(127.5 + 127.5 * np.sin(np.arange(5 * values) ** 1.2)).reshape(5, 6, 6, 3).astype(np.float32)
    target = TwoLayers(inner, np.linspace(-1, 1, hidden), outer, 20.0)
    target.source = TwoLayers(inner + np.sin(np.arange(inner.size)).reshape(inner.shape) / 3, target.bias, outer)
    return target, images, target.logits(images).argmax(axis=1)


def trained(split: Split, classes: int = 4, temperature: float = 1.0) -> Linear:
    """Return a linear target fitted to ``split`` by least squares, with logits ``temperature`` times as large."""
    values = split.images.reshape(len(split), -1).astype(np.float64)
    centre = values.mean(axis=0)
    answers = 8 * np.eye(classes)[split.labels] - 2
    # Ridge in its dual form: there are fewer images than values.
    kernel = (values - centre) @ (values - centre).T
    dual = np.linalg.solve(kernel + 1e-2 * np.trace(kernel) / len(split) * np.eye(len(split)), answers)
    weights = temperature * (values - centre).T @ dual
    return Linear(weights, -centre @ weights, temperature)
