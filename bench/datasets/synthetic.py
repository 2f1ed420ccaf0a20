"""Draws a data set of ten textured shapes, so that the suite runs without a download."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets import shapes
from bench.datasets.base import Dataset, Split
from bench.datasets.messages import Count, Report, printable, silent
from bench.datasets.shapes import LATTICE, SILHOUETTES, Field, Pair, Silhouette
from bench.errors import BadInput

SEED = 2019
SIZES = range(32, 257)
CLASSES = tuple(SILHOUETTES)
BATCH = 50  # images of one class that are drawn together
BATCHES = {"train": 3, "val": 1}  # of each class
# The ranges of the scenes. Lengths are fractions of half the side, brightness is in pixel levels. A wide SHIFT is hard for
# a network without weight sharing. With more NOISE and TEXTURE, AlexNet does not learn within ten epochs.
CLUTTER = 4
GROUND = (75.0, 115.0)
CONTRAST = (50.0, 125.0)  # of the figure, which is always brighter than the ground
TINT = 20.0
TEXTURE = 14.0
NOISE = (2.0, 5.0)
SHIFT = 0.45
SCALE = (0.32, 0.46)
BEVEL = 0.1
TURN = 0.3  # the tangent of half the largest angle, 33 degrees, so that a turn needs no sine


class Stream:
    """Uniform random numbers for one batch of images, from ``SEED`` and ``key``.

    They are made from raw words, which NumPy keeps stable. The numbers of its ``Generator`` may change (NEP 19).
    """

    def __init__(self, *key: int) -> None:
        self._words = np.random.Philox(np.random.SeedSequence(SEED, spawn_key=key))

    def uniform(self, low: float, high: float, *shape: int) -> Field:
        """Draw float32 numbers in [``low``, ``high``] of the given shape."""
        words: NDArray[np.uint64] = self._words.random_raw(shape)
        return low + (high - low) * ((words >> np.uint64(40)).astype(np.float32) / 2.0**24)

    def each(self, low: float, high: float) -> Field:
        """Draw one number for each image, shape (BATCH, 1, 1)."""
        return self.uniform(low, high, BATCH, 1, 1)

    def colour(self, spread: float) -> Field:
        """Draw one RGB offset in pixel levels for each image, shape (3, BATCH, 1, 1)."""
        return self.uniform(-spread, spread, 3, BATCH, 1, 1)

    def direction(self) -> Pair:
        """Draw one unit vector for each image."""
        x, y = self.each(-1.0, 1.0), self.each(-1.0, 1.0)
        return x / shapes.radius(x, y), y / shapes.radius(x, y)


def load(
    image_size: int, data_dir: Path | None, skip_broken: bool, report: Report, progress: Count = silent
) -> Dataset:
    """Draw 1,500 training and 500 validation images, 150 and 50 of each class.

    Every pixel depends on ``SEED`` and ``image_size`` alone and is the same on every machine. Every size shows the same
    scenes. Place, scale, turn, colours, textures, light, clutter and noise have the same distribution in all classes, so
    only the shape identifies the class. ``skip_broken`` and ``report`` have no effect.

    Raises: ``BadInput`` when ``data_dir`` is given or ``image_size`` is not from 32 to 256 pixels.
    """
    del skip_broken, report
    if data_dir is not None:
        raise BadInput(f"the data set 'synthetic' takes no folder, received {printable(data_dir)!r}; leave it out")
    if image_size not in SIZES:
        raise BadInput(f"image_size={image_size}: 'synthetic' is drawn at {SIZES[0]} to {SIZES[-1]} pixels a side")
    drawn, total = itertools.count(BATCH, BATCH), BATCH * len(CLASSES) * sum(BATCHES.values())
    train, val = (_split(name, image_size, lambda: progress(next(drawn), total)) for name in BATCHES)
    return Dataset("synthetic", train, val, CLASSES, _fingerprint(train, val))


def _split(name: str, size: int, tick: Callable[[], None]) -> Split:
    index, images = list(BATCHES).index(name), []
    for label, batch in itertools.product(range(len(CLASSES)), range(BATCHES[name])):
        images.append(_draw(SILHOUETTES[CLASSES[label]], Stream(index, label, batch), size))
        tick()
    labels = np.repeat(np.arange(len(CLASSES), dtype=np.int64), BATCHES[name] * BATCH)
    order = np.argsort(Stream(index).uniform(0.0, 1.0, len(labels)), kind="stable")
    names = tuple(f"{name}/{CLASSES[labels[row]]}/{row:04d}" for row in order)
    return Split(np.concatenate(images)[order], labels[order], names)


def _fingerprint(*splits: Split) -> str:
    digest = hashlib.sha256("\n".join(CLASSES).encode())
    for split in splits:
        digest.update(split.images.tobytes() + split.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def _draw(shape: Silhouette, stream: Stream, size: int) -> NDArray[np.uint8]:
    # Planes of shape (3, BATCH, size, size) in pixel levels; the frame is [-1, 1] x [-1, 1].
    axis = (np.arange(size, dtype=np.float32) + 0.5) * (2.0 / size) - 1.0
    x, y = axis[None, None, :], axis[None, :, None]
    light, level = stream.direction(), stream.each(*GROUND)
    image = _surface(stream, level, x, y)
    for _ in range(CLUTTER):
        u, v = shapes.turned(x - stream.each(-1.0, 1.0), y - stream.each(-1.0, 1.0), stream.direction())
        distance = shapes.capsule(u, v, stream.each(0.0, 0.2), stream.each(0.02, 0.07))
        _lay(level + stream.colour(50.0), image, distance)
    _lay_figure(shape, stream, light, level + stream.each(*CONTRAST), image, x, y)
    image *= 1.0 + 0.15 * (light[0] * x + light[1] * y)
    # Drawn last, so that the scene is the same at every size.
    noise = stream.uniform(-1.0, 1.0, *image.shape) + stream.uniform(-1.0, 1.0, *image.shape)
    image = (image + stream.each(*NOISE) * noise).clip(0.0, 255.0)
    return np.ascontiguousarray(np.rint(image).astype(np.uint8).transpose(1, 2, 3, 0))


def _lay_figure(shape: Silhouette, stream: Stream, light: Pair, level: Field, image: Field, x: Field, y: Field) -> None:
    x, y = x - stream.each(-SHIFT, SHIFT), y - stream.each(-SHIFT, SHIFT)
    turn, scale, width = stream.each(-TURN, TURN), stream.each(*SCALE), stream.each(0.0, 0.2)
    direction = (1.0 - turn * turn) / (1.0 + turn * turn), 2.0 * turn / (1.0 + turn * turn)

    def distance(x: Field, y: Field) -> Field:
        return scale * shape(*shapes.turned(x / scale, y / scale, direction), width)

    shadow = distance(x + 0.1 * light[0], y + 0.1 * light[1])
    image *= 1.0 - 0.45 * shapes.unit(0.5 - 10.0 * shadow)
    here, lightward = distance(x, y), distance(x + BEVEL / 2.0 * light[0], y + BEVEL / 2.0 * light[1])
    # The edge of the figure rises over a width of BEVEL: brighter towards the light, darker away from it.
    facing = shapes.unit(-here / BEVEL) - shapes.unit(-lightward / BEVEL)
    _lay(_surface(stream, level, x, y) * (1.0 + 0.7 * facing), image, here)


def _lay(surface: Field, image: Field, distance: Field) -> None:
    image += shapes.unit(0.5 - distance * (image.shape[-1] / 2.0)) * (
        surface - image
    )  # edges are smooth over one pixel


def _surface(stream: Stream, level: Field, x: Field, y: Field) -> Field:
    u, v = shapes.turned(x, y, stream.direction())
    frequency = stream.each(2.0, 7.0)
    u, v = frequency * u + stream.each(0.0, LATTICE), frequency * v + stream.each(0.0, LATTICE)
    kind, lattice = stream.each(0.0, 3.0), stream.uniform(0.0, 1.0, BATCH, LATTICE, LATTICE)
    texture: Field = np.where(
        kind < 1.0, shapes.clouds(u, v, lattice), np.where(kind < 2.0, shapes.stripes(u), shapes.dots(u, v))
    )
    return level + stream.colour(TINT) + stream.colour(TEXTURE) * (2.0 * texture - 1.0)
