"""The referee: runs an attack, checks every image that it returns, and keeps the class of each."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator

import numpy as np

from bench.attacks.base import Target
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Images, Labels, Split
from bench.errors import BenchError
from bench.records.outcomes import Indices, Outcomes

CHUNK = 256


class BoundViolation(BenchError):
    """An attack broke its contract. Its numbers are not recorded."""


def judge(
    spec: AttackSpec,
    target: Target,
    images: Split,
    indices: Indices,
    seed: int,
    tick: Callable[[int, int], None],
) -> Outcomes:
    """Run an attack at each of its radii and return what it did to each image.

    Args:
        spec: the attack and its radii.
        target: the network.
        images: the images to attack.
        indices: (n,), their places in the validation split.
        seed: the seed of the attack. Each chunk of images has its own, derived from it.
        tick: called after each chunk with the number of images done and of all images.

    Raises:
        BoundViolation: an attacked image is not float32, leaves [0, 255] or its radius, or differs at eps 0.
        BenchError: an attack of another package raises an error.
    """
    found = []
    for start in range(0, len(images), CHUNK):
        clean = images.images[start : start + CHUNK].astype(np.float32)
        labels = images.labels[start : start + CHUNK]
        predictions = []
        attacked = _attacked(spec, target, clean.copy(), labels.copy(), seed + start)
        for radius, moved in zip(spec.eps, attacked, strict=False):
            check(spec, clean, moved, radius)
            predictions.append(classes(target, moved))
        if len(predictions) != len(spec.eps):
            raise BoundViolation(
                f"{spec.attack} stopped after {len(predictions)} radii: expected one attacked batch for each of "
                f"{len(spec.eps)}"
            )
        found.append(np.stack(predictions))
        tick(start + len(clean), len(images))
    return Outcomes(spec.eps, indices, images.labels, np.concatenate(found, axis=1))


def _attacked(spec: AttackSpec, target: Target, images: Images, labels: Labels, seed: int) -> Iterator[Images]:
    """Yield what the attack yields; an error in an attack of another package as BenchError that names its line."""
    try:
        yield from spec.attack(target, images, labels, spec.eps, seed)
    except (BenchError, MemoryError):
        raise
    except Exception as error:
        if type(spec.attack).__module__.startswith("bench."):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise BenchError(
            f"{spec.attack} failed at {last.filename}, line {last.lineno}: {type(error).__name__}: {error}; nothing of it is "
            "recorded; mend the attack and run again"
        ) from error


def accuracy(target: Target, images: Split) -> float:
    """Return the fraction of ``images`` that the network classifies correctly, in inference mode and float32."""
    return float((predicted(target, images) == images.labels).mean())


def predicted(target: Target, images: Split) -> Labels:
    """Return the class of each of ``images``, in inference mode and float32."""
    chunks = range(0, len(images), CHUNK)
    return np.concatenate([classes(target, images.images[at : at + CHUNK].astype(np.float32)) for at in chunks])


def classes(target: Target, images: Images) -> Labels:
    """Return the class of each image, the first of its largest logits.

    Raises:
        BenchError: a logit is NaN or infinite.
    """
    if not len(images):
        return np.zeros(0, np.int64)
    logits = target.logits(images)
    if not np.isfinite(logits).all():
        raise BenchError("the network returns logits that are NaN or infinite: it has no accuracy; train it again")
    found: Labels = np.argmax(logits, axis=1).astype(np.int64)
    return found


def check(spec: AttackSpec, clean: Images, moved: Images, eps: float) -> None:
    """Check that ``moved`` are float32 images in [0, 255] within ``eps`` of ``clean`` in the attack's norm.

    Raises:
        BoundViolation: they are not.
    """
    norm, name = spec.attack.norm, f"{spec.attack} at eps {eps:g}"
    if not isinstance(moved, np.ndarray):
        raise BoundViolation(f"{name} returned {type(moved)}: expected a NumPy array, float32 {clean.shape}")
    if moved.dtype != np.float32 or moved.shape != clean.shape:
        raise BoundViolation(f"{name} returned {moved.dtype} {moved.shape}: expected float32 {clean.shape}")
    distance = float(np.max(norm.distance(moved - clean)))
    if not distance <= (eps + norm.slack(eps, clean[0].size) if eps else 0.0):
        raise BoundViolation(f"{name} moved an image by {distance:g} in {norm}: expected at most {eps:g}")
    if not (moved.min() >= 0 and moved.max() <= 255):
        raise BoundViolation(f"{name} left the range of pixels [0, 255]: found {moved.min():g} to {moved.max():g}")
