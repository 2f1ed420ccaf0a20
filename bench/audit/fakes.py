"""Planted fakes: wrappers that hide the gradient of a trained network, for which the true answer is known.

Most keep the class of every image, so that the images that fool the plain network fool the fake too. The others change the
image first, and are scored by the same images replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

Wrap = Callable[[Any], Any]


@dataclass(frozen=True)
class Fake:
    """A wrapper that makes a fake of a network. Two of one name are one fake: its cases are recorded by its name.

    Args:
        name: a few words.
        wrap: maps the tf_keras network, pixel levels to logits, to the fake.
        same_class: whether the fake gives every image the class that the network gives it.
    """

    name: str
    wrap: Wrap = field(compare=False)
    same_class: bool = True


class _Output(keras.layers.Layer):  # type: ignore[misc]  # tf_keras has no types
    """A layer that applies ``change`` to its input."""

    def __init__(self, change: Callable[[Any], Any], **options: Any) -> None:
        super().__init__(**options)
        self.change = change

    def call(self, inputs: Any) -> Any:
        """Return the changed inputs."""
        return self.change(inputs)


def _after(change: Callable[[Any], Any]) -> Wrap:
    """Return a wrapper that changes the logits."""
    return lambda model: keras.Model(model.input, _Output(change, name="fake")(model.output))


def _before(change: Callable[[Any], Any]) -> Wrap:
    """Return a wrapper that changes the image."""

    def wrap(model: Any) -> Any:
        pixels = keras.Input(model.input_shape[1:])
        logits = model(_Output(change, name="fake")(pixels))
        return keras.Model(pixels, keras.layers.Activation("linear", name="logits")(logits))

    return wrap


def scaled(factor: float) -> Fake:
    """Return the fake whose logits are ``factor`` times as large: the softmax saturates, and its gradient rounds to zero."""
    return Fake(f"logits times {factor:g}", _after(lambda logits: logits * factor))


def _with_gradient(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the identity whose gradient is changed."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def same(values: Any) -> Any:
        return tf.identity(values), change

    return lambda values: same(values)


def _few(gradient: Any) -> Any:
    """Keep the gradient of one value in twenty, in a fixed pattern."""
    size = int(np.prod(gradient.shape[1:]))
    kept = np.random.default_rng(0).permutation(size).reshape(gradient.shape[1:]) < size / 20
    return gradient * tf.constant(kept, gradient.dtype)


def _shuffled(gradient: Any) -> Any:
    """Put the gradient of each value in the place of another one."""
    size = int(np.prod(gradient.shape[1:]))
    order = np.random.default_rng(0).permutation(size)
    flat = tf.gather(tf.reshape(gradient, (-1, size)), order, axis=1)
    return tf.reshape(flat, tf.shape(gradient))


def _rippled(model: Any) -> Any:
    """Multiply the logits by a positive factor that swings with the image: it is larger than the slope of the logits."""
    size = int(np.prod(model.input_shape[1:]))
    waves = np.random.default_rng(0).choice([-1.0, 1.0], (size, 1)).astype(np.float32)

    def swing(images: Any) -> Any:
        return 1 + 0.5 * tf.sin(tf.matmul(tf.reshape(images, (-1, size)), waves))

    factor = _Output(swing, name="ripple")(model.input)
    return keras.Model(model.input, keras.layers.Multiply(name="fake")([model.output, factor]))


def _noisy(images: Any) -> Any:
    return images + tf.random.normal(tf.shape(images), stddev=8.0)


def _quantised(images: Any) -> Any:
    return 32 * tf.round(images / 32)


def _compressed(images: Any) -> Any:
    def one(image: Any) -> Any:
        bytes_ = tf.cast(tf.clip_by_value(tf.round(image), 0, 255), tf.uint8)
        return tf.cast(tf.image.adjust_jpeg_quality(bytes_, 75), tf.float32)

    return tf.ensure_shape(tf.map_fn(one, images), images.shape)


FAKES = (
    scaled(30),
    scaled(1000),
    Fake("probabilities", _after(tf.nn.softmax)),
    Fake("no gradient", _before(_with_gradient(tf.zeros_like))),
    Fake("gradient of few values", _before(_with_gradient(_few))),
    Fake("shuffled gradient", _before(_with_gradient(_shuffled))),
    Fake("gradient reversed", _before(_with_gradient(tf.negative))),
    Fake("ripple", _rippled),
    Fake("quantised image", _before(_quantised), same_class=False),
    Fake("compressed image", _before(_compressed), same_class=False),
    Fake("noise", _before(_noisy), same_class=False),
)
DOSES = tuple(scaled(factor) for factor in (3, 10, 30, 100, 300, 1000))
