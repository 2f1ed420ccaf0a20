"""The referee: it runs an attack, checks every image the attack returns, and measures. It trusts no attack's word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.attacks.base import Attack, Images, Labels, View
from bench.datasets.base import Split
from bench.errors import BenchError
from bench.files import Arrays
from bench.statistics import wilson

CHUNK = 256
# Rounding of x + eps in float32 near 255 is below 2e-5 pixel levels.
SLACK = 1e-4


class Foul(BenchError):
    """An attack returned what it must not: its figures are not recorded."""


@dataclass(frozen=True)
class Outcome:
    """What an attack did, image by image.

    ``eps``: the k radii. ``labels``: int64 (n,). ``predictions``: int64 (k, n), the class at each radius; row 0 is the
    clean one.
    """

    eps: tuple[float, ...]
    labels: Labels
    predictions: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each image is classified rightly at each radius, shape (k, n)."""
        found: NDArray[np.bool_] = self.predictions == self.labels
        return found

    @property
    def first_flip(self) -> NDArray[np.int64]:
        """The index of the smallest radius at which the class differs from the clean one, -1 where none does, shape (n,).

        The report's equation 10 as its section 3.3 approximates it: one direction an image, on the grid of radii.
        """
        flipped = self.predictions != self.predictions[0]
        return np.where(flipped.any(axis=0), flipped.argmax(axis=0), -1)

    def arrays(self, indices: NDArray[np.int64]) -> Arrays:
        """Return the outcome as arrays for a compact file; ``indices`` are the places of the images in the validation split."""
        return {
            "eps": np.asarray(self.eps),
            "indices": indices.astype(np.int32),
            "labels": _small(self.labels),
            "predictions": _small(self.predictions),
            "first_flip": self.first_flip.astype(np.int16),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a radius: accuracy with its 95 % Wilson interval, the drop, and the accuracy of images right at eps 0."""
        right = self.right
        clean, total = right[0], right.shape[1]
        rows = []
        for radius, now in zip(self.eps, right, strict=True):
            low, high = wilson(int(now.sum()), total)
            rows.append(
                {
                    "eps": radius,
                    "accuracy": float(now.mean()),
                    "low": low,
                    "high": high,
                    "drop": float(clean.mean() - now.mean()),
                    "accuracy_of_clean_right": float(now[clean].mean()) if clean.any() else None,
                }
            )
        return rows


def judge(attack: Attack, view: View, images: Split, eps: Sequence[float], tick: Callable[[int, int], None]) -> Outcome:
    """Run ``attack`` on ``images`` at each radius of ``eps`` (pixel levels, 0 first) and return what it did.

    Raises Foul where an attacked image is not float32, leaves [0, 255] or its radius, or is not the image itself at 0.
    ``tick`` is told after each chunk how many of how many images are done.
    """
    found = []
    for start in range(0, len(images), CHUNK):
        clean = images.images[start : start + CHUNK].astype(np.float32)
        labels = images.labels[start : start + CHUNK]
        predictions = []
        attacked = attack(view, clean.copy(), labels, eps)
        for radius, moved in zip(eps, attacked, strict=False):
            check(attack, clean, moved, radius)
            predictions.append(classes(view, moved))
        if len(predictions) != len(eps):
            raise Foul(
                f"{attack} stopped after {len(predictions)}: expected one attacked batch for each radius, {len(eps)}"
            )
        found.append(np.stack(predictions))
        tick(start + len(clean), len(images))
    return Outcome(tuple(eps), images.labels, np.concatenate(found, axis=1))


def classes(view: View, images: Images) -> Labels:
    """Return the class of each image, the first of the largest logits; BenchError where a logit is not a number."""
    logits = view.logits(images)
    if not np.isfinite(logits).all():
        raise BenchError(
            "the network returns logits that are NaN or infinite: its accuracy means nothing; train it again"
        )
    found: Labels = np.argmax(logits, axis=1).astype(np.int64)
    return found


def check(attack: Attack, clean: Images, moved: Images, eps: float) -> None:
    """Raise Foul where ``moved`` is not a float32 image within ``eps`` pixel levels of ``clean`` and in [0, 255]."""
    name = f"{attack} at eps {eps:g}"
    if moved.dtype != np.float32 or moved.shape != clean.shape:
        raise Foul(f"{name} returned {moved.dtype} {moved.shape}: expected float32 {clean.shape}")
    distance = float(np.max(np.abs(moved - clean)))
    if not distance <= (eps + SLACK if eps else 0.0):
        raise Foul(f"{name} moved a pixel by {distance:g} levels: expected at most {eps:g}")
    if not (moved.min() >= 0 and moved.max() <= 255):
        raise Foul(f"{name} left the range of pixels [0, 255]: found {moved.min():g} to {moved.max():g}")


def _small(integers: NDArray[np.int64]) -> NDArray[Any]:
    return integers.astype(np.uint8 if integers.max() < 256 else np.uint16)
