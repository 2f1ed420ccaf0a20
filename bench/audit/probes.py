"""Small measurements of a network that the checks need beside its accuracy under attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.attacks.apgd import Apgd
from bench.attacks.losses import CrossEntropy, Margin, UnitGap
from bench.attacks.square import margins
from bench.audit.battery import Battery
from bench.audit.evidence import Bools
from bench.datasets.base import Images, Labels
from bench.evaluation.base import Network

if TYPE_CHECKING:  # it imports TensorFlow, which the command line starts without
    from bench.audit.bounds.certified import Bounds

Floats = NDArray[np.float32]
HALF = 127.5  # half the range of pixel levels
STEP = 0.05  # pixel levels, of the finite difference along the gradient
WHOLE = 1.0  # the same for a network in 8 bits, which rounds pixels to whole levels
FAR = 0.25  # the same along random directions, where the margin changes less
DIRECTIONS = 4
CERTIFIED = 128
SMALL_BATCH = 16


def probes_of(
    network: Network,
    images: Images,
    labels: Labels,
    predictions: Labels,
    eps: tuple[float, ...],
    left: Bools,
    battery: Battery,
    seed: int,
) -> dict[str, Floats]:
    """Return every probe by name, each float32 (n,), NaN for an image that it was not taken of.

    ``zero``: the fraction of the image's gradient values that are exactly zero, cross-entropy at T = 1.
    ``agreement``, ``repeat``, ``slope``, ``explained``: see the functions of these names.
    ``explained`` is not taken of a network in 8 bits: along a random direction, its own rounding moves the margin as much.
    ``half range``: 1 where the network is correct after an attack at half the range, else 0.
    ``planted``: see ``bench/audit/planted.py``; at the first radius, in the full battery alone.
    ``certified``: the largest of ``eps`` at which the image is certified, 0 for none, -1 where it is not correct; see
    ``bench/audit/bounds``; in the full battery alone, of 128 images: CROWN takes about a second an image.
    ``longer``: 1 where an image that is left at the first radius stays correct under twice the steps, else 0.

    Args:
        images: float32, (n, height, width, 3), clean.
        left: (k, n), where the network is correct after every stage.
    """
    count = len(images)
    naive = network.gradient(images, labels, CrossEntropy())
    free = network.gradient(images, labels, UnitGap())
    right = np.flatnonzero(predictions == labels)[: battery.probed]
    shown = right[:0] if battery.int8 else right
    found = {
        "zero": (naive == 0).mean(axis=(1, 2, 3)),
        "agreement": agreement(naive, free),
        "repeat": _at(right, count, repeat(network, images[right])),
        "slope": _at(right, count, slope(network, images[right], labels[right], WHOLE if battery.int8 else STEP)),
        "explained": _at(shown, count, explained(network, images[shown], labels[shown], seed)),
        "half range": _at(right, count, half_range(network, images[right], labels[right], seed)),
    }
    if battery.longer:
        # Here, because the command line starts without TensorFlow.
        from bench.audit.bounds.choice import bounds_of
        from bench.audit.planted import planted

        bounds = None if network.model is None else bounds_of(network.model)
        if bounds is not None:
            few = np.arange(min(CERTIFIED, count))
            found["certified"] = _at(few, count, _certified(bounds, images[few], labels[few], predictions[few], eps))
        sought = None if network.model is None else planted(network.model, images[right], eps[0], seed)
        if sought is not None:
            found["planted"] = _at(right, count, sought)
        rows = np.flatnonzero(left[0])
        attack = Apgd(loss="margin", steps=100, start="random")
        (moved,) = attack(network, images[rows], labels[rows], eps[:1], seed)
        found["longer"] = _at(rows, count, network.logits(moved).argmax(axis=1) == labels[rows])
    return {name: values.astype(np.float32) for name, values in found.items()}


def agreement(first: Images, second: Images) -> Floats:
    """Return the fraction of each image's values, (n,), where two gradients have the same sign; 0 counts as a sign."""
    return np.asarray((np.sign(first) == np.sign(second)).mean(axis=(1, 2, 3)), dtype=np.float32)


def repeat(network: Network, images: Images) -> Floats:
    """Return how far the logits of each image change on a second call and in smaller batches, relative to the largest.

        max(|z - z'|, |z - z''|) / max |z|

    A network that draws at random, or whose output depends on the batch, is not near 0.
    """
    if not len(images):
        return np.zeros(0, np.float32)
    first, second = network.logits(images), network.logits(images)
    parts = np.concatenate(
        [network.logits(images[start : start + SMALL_BATCH]) for start in range(0, len(images), SMALL_BATCH)]
    )
    change = np.maximum(np.abs(first - second), np.abs(first - parts)).max(axis=1)
    return np.asarray(change / np.maximum(np.abs(first).max(axis=1), 1e-30), dtype=np.float32)


def slope(network: Network, images: Images, labels: Labels, length: float = STEP) -> Floats:
    """Return the measured change of the margin along its own gradient over the change that the gradient predicts, (n,).

        (m(x + h s) - m(x - h s)) / (m's gradient . (2 h s)),   s = sign(gradient), h = ``length``

    It is 1 where the gradient is right, 0 where the network does not follow it, NaN where the gradient is zero.
    """
    if not len(images):
        return np.zeros(0, np.float32)
    gradient = network.gradient(images, labels, Margin())
    step = (np.float32(length) * np.sign(gradient)).astype(np.float32)
    ahead, behind = np.clip(images + step, 0, 255), np.clip(images - step, 0, 255)
    measured = margins(network, ahead, labels).astype(np.float64) - margins(network, behind, labels)
    predicted = (gradient.astype(np.float64) * (ahead.astype(np.float64) - behind)).sum(axis=(1, 2, 3))
    ratio = np.divide(measured, predicted, out=np.full(len(images), np.nan), where=predicted > 0)
    return np.asarray(ratio, dtype=np.float32)


def explained(network: Network, images: Images, labels: Labels, seed: int) -> Floats:
    """Return the part of the change of the margin along random directions that its gradient explains, (n,).

        1 - sum_j (d_j - g . (2 h v_j))^2 / sum_j d_j^2,   d_j = m(x + h v_j) - m(x - h v_j)

    over four random v_j of signs, h = 0.25 pixel levels. It is near 1 where the gradient is whole and right, and 0 or less
    where it is wrong or misses most of the pixels, or where the margin does not change at all.
    """
    if not len(images):
        return np.zeros(0, np.float32)
    draw = np.random.default_rng([seed, DIRECTIONS])
    gradient = network.gradient(images, labels, Margin()).astype(np.float64)
    missed, total = np.zeros(len(images)), np.zeros(len(images))
    for _ in range(DIRECTIONS):
        step = np.float32(FAR) * (draw.integers(0, 2, images.shape, dtype=np.int8).astype(np.float32) * 2 - 1)
        ahead, behind = np.clip(images + step, 0, 255), np.clip(images - step, 0, 255)
        measured = margins(network, ahead, labels).astype(np.float64) - margins(network, behind, labels)
        predicted = (gradient * (ahead.astype(np.float64) - behind)).sum(axis=(1, 2, 3))
        missed += (measured - predicted) ** 2
        total += measured**2
    ratio = np.divide(missed, total, out=np.ones(len(images)), where=total > 0)
    return np.asarray(1 - ratio, dtype=np.float32)


def half_range(network: Network, images: Images, labels: Labels, seed: int) -> Floats:
    """Return 1 where the network is correct after ten APGD steps at half the range, else 0, (n,).

    Within half the range every image can become plain grey, so that no more than one class can stay correct.
    """
    if not len(images):
        return np.zeros(0, np.float32)
    (moved,) = Apgd(loss="margin", steps=10)(network, images, labels, (HALF,), seed)
    return np.asarray(network.logits(moved).argmax(axis=1) == labels, dtype=np.float32)


def _certified(bounds: Bounds, images: Images, labels: Labels, predictions: Labels, eps: tuple[float, ...]) -> Floats:
    from bench.audit.bounds.certified import certified

    found = np.where(predictions == labels, 0, -1).astype(np.float32)
    left = np.flatnonzero(found == 0)
    for radius in eps:
        held = certified(bounds, images[left], labels[left], np.full(len(left), radius, np.float32))
        left = left[held]
        found[left] = radius
    return found


def _at(rows: NDArray[np.int64], count: int, values: NDArray[np.generic]) -> Floats:
    found = np.full(count, np.nan, np.float32)
    found[rows] = values
    return found
