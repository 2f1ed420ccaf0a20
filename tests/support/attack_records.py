"""A network with attacks of given accuracies, made without a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fakes import IMAGES, fake_outcome, trained

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.records.collection import read_network
from bench.records.networks import TrainedNetwork
from bench.records.store import Folder
from bench.spec.run import Run

HOT = Run.of(arch="resnet18", temperature=20.0)


def attacked(
    results: Path,
    attacks: Mapping[str, Sequence[float]],
    run: Run = HOT,
    *,
    eps: Mapping[str, Sequence[float]] | None = None,
    images: int = IMAGES,
    accuracy: float = 0.8,
    measured: Any = None,
) -> Folder:
    """Record ``run`` and ``attacks`` on it: their accuracies by text, at ``eps`` or the first of the norm's usual radii.

    An image that falls at one radius has fallen at each larger one, and under each attack that leaves less. A quarter of the
    gradients are zero.
    """
    folder = trained(results, run, accuracy, measured=measured)
    for text, accuracies in attacks.items():
        attack = attack_named(text)
        radii = tuple((eps or {}).get(text, attack.norm.eps[: len(accuracies)]))
        right = np.stack([np.arange(images) < round(each * images) for each in accuracies])
        fake_outcome(folder, AttackSpec(attack, radii, images / IMAGES if images < IMAGES else 1.0), right, zero=0.25)
    return folder


def network(folder: Folder) -> TrainedNetwork:
    """Return the network in ``folder``; every record must be whole."""
    found, broken = read_network(folder)
    assert found is not None, broken
    assert not broken
    return found
