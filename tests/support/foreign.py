"""Networks of somebody else: files with functions, weights with which they are right, and images to tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Dataset, Split

HEAD = "import tf_keras as keras\n\n\n"
FUNCTIONAL = (
    HEAD
    + """
def net(input_shape, num_classes):
    pixels = keras.Input(input_shape)
    x = keras.layers.Conv2D(3, 1, name="conv")(pixels)
    x = keras.layers.BatchNormalization(name="bn")(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(pixels, keras.layers.Dense(num_classes, name="logits")(x))
"""
)
# Keras numbers layers without names: another name in each network of a process.
SEQUENTIAL = (
    HEAD
    + """
def net(input_shape, num_classes):
    return keras.Sequential([
        keras.layers.Conv2D(3, 1),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dense(num_classes),
    ])
"""
)
NESTED = (
    HEAD
    + """
def net(input_shape, num_classes):
    body = keras.Sequential([
        keras.Input(input_shape), keras.layers.Conv2D(3, 1), keras.layers.BatchNormalization()
    ])
    pixels = keras.Input(input_shape)
    return keras.Model(pixels, keras.layers.Dense(num_classes)(keras.layers.Flatten()(body(pixels))))
"""
)
NETS = {"functional": FUNCTIONAL, "sequential": SEQUENTIAL, "nested": NESTED}
SIZE = 20


def bands(count: int = 96, classes: int = 4) -> Dataset:
    """Return images whose class is the horizontal band that is brighter, of levels 5 to 249, without a train split."""
    draw = np.random.default_rng(7)
    labels = np.sort(np.arange(count) % classes)
    images = draw.integers(5, 150, (count, SIZE, SIZE, 3))
    for image, label in zip(images, labels, strict=True):
        image[label * SIZE // classes : (label + 1) * SIZE // classes] += 100
    val = Split(images.astype(np.uint8), labels.astype(np.int64), tuple(f"{label}.jpg" for label in labels))
    return Dataset("bands", val.part(np.arange(0)), val, tuple("abcdefghijklmno"[:classes]), "f" * 64)


def right_weights(classes: int = 4) -> list[NDArray[np.float32]]:
    """Return weights with which each network of ``NETS`` tells the bands, all different."""
    draw = np.random.default_rng(8)
    kernel = np.zeros((SIZE, SIZE, 3, classes))
    for label in range(classes):
        kernel[label * SIZE // classes : (label + 1) * SIZE // classes, :, :, label] = 0.01
    arrays = [np.eye(3).reshape(1, 1, 3, 3), np.zeros(3), np.ones(3), np.ones(3), np.ones(3), 2 * np.ones(3)]
    arrays += [kernel.reshape(-1, classes), np.zeros(classes)]
    return [(array + draw.uniform(-1e-4, 1e-4, array.shape)).astype(np.float32) for array in arrays]


def write_net(folder: Path, text: str = FUNCTIONAL) -> str:
    """Write a file with a function ``net`` and return its place."""
    (folder / "net.py").write_text(text)
    return f"{folder / 'net.py'}:net"


def build(text: str = FUNCTIONAL, classes: int = 4) -> Any:
    """Return the network of such a file with the right weights."""
    names: dict[str, Any] = {}
    exec(text, names)
    model = names["net"]((SIZE, SIZE, 3), classes)
    model.build((None, SIZE, SIZE, 3))
    model.set_weights(right_weights(classes))
    return model
