"""Small random networks of every layer that the bounds know, their exact margins, and points of a ball around images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from bench.architectures.dropout import StatelessDropout
from bench.attacks.pgd import Pgd
from bench.evaluation.classifier import Classifier

SIZE, CLASSES = 6, 3
Layers = keras.layers


def _batch_norm(**options: Any) -> Any:
    # An epsilon that float32 and float64 have in common.
    return Layers.BatchNormalization(epsilon=0.125, **options)


def _residual(x: Any) -> Any:
    return Layers.Add()([x, Layers.Conv2D(4, 3, padding="same", use_bias=False)(x)])


def _low_rank(x: Any) -> Any:
    x = _batch_norm()(Layers.Conv2D(2, (3, 1), strides=(2, 1), use_bias=False)(x))
    return _batch_norm()(Layers.Conv2D(4, (1, 3), strides=(1, 2), use_bias=False)(x))


def _block(x: Any) -> Any:
    y = _batch_norm()(Layers.Conv2D(4, 3, strides=2, use_bias=False)(Layers.ZeroPadding2D(1)(x)))
    shortcut = _batch_norm()(Layers.Conv2D(4, 1, strides=2, use_bias=False)(x))
    return Layers.MaxPooling2D(2, padding="same")(Layers.ReLU()(Layers.Add()([shortcut, y])))


# Each follows a convolution and a ReLU.
KINDS: dict[str, Callable[[Any], Any]] = {
    "convolution": lambda x: Layers.Conv2D(5, 3, strides=2, padding="same")(x),
    "dilated": lambda x: Layers.Conv2D(5, 2, dilation_rate=2)(x),
    "padding": lambda x: Layers.ZeroPadding2D(((0, 1), (2, 0)))(x),
    "batch norm": lambda x: _batch_norm()(x),
    "batch norm without scale": lambda x: _batch_norm(scale=False, center=False)(x),
    "pooling": lambda x: Layers.MaxPooling2D(3, strides=2)(x),
    "padded pooling": lambda x: Layers.MaxPooling2D(3, strides=2, padding="same")(x),
    "residual": _residual,
    "low-rank pair": _low_rank,
    "residual, batch norm and pooling": _block,
    "average": lambda x: Layers.GlobalAveragePooling2D()(x),
    "dropout": lambda x: Layers.Dropout(0.5)(StatelessDropout(0.5)(x)),
    "linear": lambda x: Layers.Activation("linear")(x),
}


@contextmanager
def untraced() -> Iterator[None]:
    """Let TensorFlow compute at once what it would compile: the trace of a small network takes longer than a few calls."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


def convolutional(kind: str, seed: int, positive: bool = False, dtype: str = "float32") -> Any:
    """Return a network of images of 6 x 6 px. ``positive``: every weight is, so that all of it rises with each pixel."""

    def build() -> Any:
        pixels = keras.Input((SIZE, SIZE, 3))
        x = Layers.ReLU()(Layers.Conv2D(4, 3, padding="same")(Layers.Rescaling(1 / 70, offset=-12 / 7)(pixels)))
        x = Layers.Flatten()(KINDS[kind](x))
        x = Layers.ReLU()(Layers.Dense(6)(x))
        return keras.Model(pixels, Layers.Activation("linear")(Layers.Dense(CLASSES)(x)))

    return _random(build, seed, positive, dtype)


def perceptron(widths: tuple[int, ...], seed: int, size: int = SIZE, dtype: str = "float32") -> Any:
    """Return a chain of dense layers of ``widths`` with ReLU between, for images of ``size`` px."""

    def build() -> Any:
        pixels = keras.Input((size, size, 3))
        x = Layers.Flatten()(Layers.Rescaling(1 / 70, offset=-12 / 7)(pixels))
        for width in widths:
            x = StatelessDropout(0.5)(Layers.ReLU()(Layers.Dense(width)(x)))
        return keras.Model(pixels, Layers.Dense(CLASSES)(x))

    return _random(build, seed, False, dtype)


def images_and_labels(model: Any, seed: int, count: int = 3) -> tuple[Any, Any]:
    """Return random images, some of whose pixels are 0 or 255, and the classes that ``model`` gives them."""
    levels = np.random.default_rng(seed).integers(-40, 296, (count, *model.input_shape[1:]))
    images = np.clip(levels, 0, 255).astype(np.float32)
    return images, model(images, training=False).numpy().argmax(axis=1)


def margins(exact: Any, images: Any, labels: Any) -> Any:
    """Return logit y minus logit j by the float64 network ``exact``, (n, classes); infinity at j = y."""
    logits = exact(images.astype(np.float64), training=False).numpy()
    assert logits.dtype == np.float64
    rows = np.arange(len(labels))
    found = logits[rows, labels][:, None] - logits
    found[rows, labels] = np.inf
    return found


def points(model: Any, images: Any, labels: Any, eps: Any, seed: int, count: int) -> Any:
    """Return points of the balls, (m, n, height, width, 3): ``count`` uniform ones, as many corners, and PGD's."""
    draw = np.random.default_rng(seed)
    shape, radius = (count, *images.shape), eps.reshape(-1, 1, 1, 1)
    change = radius * np.concatenate([draw.uniform(-1, 1, shape), draw.choice([-1, 1], shape)])
    attacked = Pgd(loss="margin", restarts=2).search(Classifier(model), images, labels, eps, draw).images
    return np.concatenate([np.clip(images + change, 0, 255), attacked[None]])


def _random(build: Callable[[], Any], seed: int, positive: bool, dtype: str) -> Any:
    keras.mixed_precision.set_global_policy(dtype)
    try:
        model = build()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    draw = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.dtype.is_floating:
            scale = 1 / np.sqrt(max(1, np.prod(weight.shape[:-1])))
            values = scale * draw.standard_normal(weight.shape)
            if "variance" in weight.name:
                values = draw.uniform(0.5, 2, weight.shape)
            # float32 values, so that networks of both types have the same.
            weight.assign((abs(values) if positive else values).astype(np.float32))
    return model
