"""One fooling image: a photograph, the smallest change that gives it another class, and what the network says of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from bench.attacks.base import Threat
from bench.attacks.norms import LINF
from bench.datasets.base import Images
from bench.datasets.class_names import ClassNames
from bench.datasets.decoding import BrokenImage, decode
from bench.datasets.messages import printable
from bench.errors import BadInput
from bench.fooling.goal import Away, Towards
from bench.fooling.limits import EPS, STEPS_OF_A_CLIMB
from bench.fooling.smallest import smallest, within
from bench.networks import LoadedNetwork
from bench.records.provenance import environment
from bench.records.schema import FooledRecord, GuessRow
from bench.records.threats import threat_record
from bench.training.clock import Clock

VERSION = 2
TOP = 3


@dataclass(frozen=True)
class FooledImage:
    """A fooling image and its record.

    Args:
        clean: float32, (height, width, 3), pixel levels.
        fooled: of the same shape. Where no fooling image was found: the image of the largest margin within the radius asked
            for, or without one the image itself.
        record: what was found, without the images.
    """

    clean: NDArray[np.float32]
    fooled: NDArray[np.float32]
    record: FooledRecord


def opened(path: Path, size: int) -> tuple[NDArray[np.uint8], str]:
    """Return the image of a file as ``decode`` makes it, (size, size, 3), and the sha256 of the file.

    Raises:
        BadInput: the file cannot be read, or is no JPEG or PNG image.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"cannot read the image {printable(path)!r}: {error.strerror}; expected a JPEG or PNG file"
        ) from error
    try:
        return decode(content, size), hashlib.sha256(content).hexdigest()
    except BrokenImage as error:
        raise BadInput(
            f"cannot use {printable(path)!r}: {error}; expected a JPEG or PNG image; give another"
        ) from error


def fool_image(network: LoadedNetwork, path: Path, eps: float | None, target: str | None, steps: int) -> FooledImage:
    """Look for an image near that of ``path`` which the network gives another class.

    Args:
        network: the network. What it says of the image itself is taken for the truth.
        path: a JPEG or PNG file. Its shortest side is scaled to the network's size and its centre is cropped.
        eps: the radius in L-infinity, pixel levels, in which the largest margin is sought; None for the smallest change.
        target: the class to reach, by name or id; None for any other class.
        steps: of each climb.

    Raises:
        BadInput: the image, the radius, the class or the number of steps cannot be.
    """
    clock = Clock()
    if eps is not None:
        EPS.check("eps", eps)
    STEPS_OF_A_CLIMB.check("steps", steps)
    pixels, digest = opened(path, network.size)
    clean = pixels.astype(np.float32)
    wanted = None if target is None else network.names.find(target)
    logits = network.classifier.logits(clean[None])[0]
    label = int(logits.argmax())
    if wanted == label:
        raise BadInput(
            f"the network says {network.names[label]!r} already: expected another class to go to by --target"
        )
    goal = Away(network.classifier) if wanted is None else Towards(network.classifier, wanted)
    found = smallest(goal, clean, steps) if eps is None else within(goal, clean, eps, steps)
    moved = found.image
    reached = bool(np.isfinite(found.eps))
    after, stored = (network.classifier.logits(each[None])[0] for each in (moved, np.rint(moved).astype(np.float32)))
    answer, temperature = int(stored.argmax()), network.classifier.temperature
    record = FooledRecord(
        version=VERSION,
        network=network.name,
        image=digest,
        size=network.size,
        threat=threat_record(LINF, threat(steps, wanted is not None), temperature),
        target=None if wanted is None else network.names.ids[wanted],
        target_name=None if wanted is None else network.names[wanted],
        eps_asked=eps,
        fooled=reached,
        eps=found.eps if reached else None,
        failed=found.failed,
        steps=found.steps if reached else None,
        changed=float((moved != clean).any(axis=2).mean()),
        fooled_in_whole_levels=answer != label if wanted is None else answer == wanted,
        before=guesses(network.names, logits, temperature),
        after=guesses(network.names, after, temperature),
        in_whole_levels=guesses(network.names, stored, temperature),
        weights=network.weights,
        environment=environment(),
        volatile=clock.read(),
    )
    return FooledImage(clean, moved, record)


def threat(steps: int, targeted: bool) -> Threat:
    """Return what the attacker does and knows."""
    goal = "towards a chosen class" if targeted else "away from the network's own answer"
    return Threat("fooling image", f"white box, {steps} APGD steps on the logit margin {goal}", None)


def guesses(names: ClassNames, logits: Images, temperature: float) -> list[GuessRow]:
    """Return the ``TOP`` classes with the largest logits (classes,), with their confidence, softmax(logits / temperature)."""
    wide = logits.astype(np.float64) / temperature
    confidence = softmax(wide)
    order = np.argsort(-wide, kind="stable")[:TOP]
    return [GuessRow(id=names.ids[each], name=names[each], confidence=float(confidence[each])) for each in order]
