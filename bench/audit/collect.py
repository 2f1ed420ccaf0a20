"""Runs a battery on a network and returns the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.attacks.spec import AttackSpec
from bench.audit.battery import Battery, Stage
from bench.audit.checks import About, checked, flagged
from bench.audit.cost import cost_of
from bench.audit.evidence import CORRECT, FOOLED, NOT_TRIED, Access, Bools, Evidence, StageOutcome
from bench.audit.probes import probes_of
from bench.datasets.base import Dataset, Split
from bench.evaluation.base import Network
from bench.evaluation.referee import check, classes
from bench.spec.hashed import hashed
from bench.training.progress import Progress


def audited_images(battery: Battery, images: int) -> NDArray[np.int64]:
    """Return the places, ascending, of the images that ``battery`` takes out of ``images`` validation images.

    They are the same for every run and seed, so that any two networks are compared on the same images, and those of a
    smaller battery are among those of a larger one.
    """
    return np.sort(np.random.default_rng(hashed("audit", 32)).permutation(images)[: battery.images])


def measured(
    battery: Battery,
    network: Network,
    name: str,
    data: Dataset,
    eps: tuple[float, ...],
    seed: int,
    progress: Progress,
) -> Evidence:
    """Say what ``battery`` will cost on ``network``, collect the evidence on its part of the validation images, and return it.

    Args:
        name: of the network, for the progress.
        eps: the radii, L-infinity, pixel levels, ascending, above 0.
        seed: of all random draws.

    Raises:
        BoundViolation: an attack left its ball or the box.
        BenchError: a logit is NaN or infinite.
    """
    indices = audited_images(battery, len(data.val))
    images = data.val.part(indices)
    progress.say(f"auditing {name} ({battery.name}): {cost_of(battery, network, images, len(eps))}")

    def tick(stage: str, done: int, total: int) -> None:
        progress.say(f"auditing {name}: {stage} ({done + 1} of {total + 1})")

    return collect(battery, network, images, indices, eps, len(data.classes), seed, tick)


def collect(
    battery: Battery,
    network: Network,
    images: Split,
    indices: NDArray[np.int64],
    eps: tuple[float, ...],
    number: int,
    seed: int,
    tick: Callable[[str, int, int], None],
) -> Evidence:
    """Attack ``network`` by every stage of ``battery``, take the probes, and return the evidence.

    Args:
        images: the n images to attack.
        indices: (n,), ascending: their places in the validation split.
        eps: the radii, L-infinity, pixel levels, ascending, above 0.
        number: the number of classes.
        seed: of all random draws.
        tick: called before each stage with its name, the number of stages done and of all stages.

    Raises:
        BoundViolation: an attack left its ball or the box.
        BenchError: a logit is NaN or infinite.
    """
    clean = images.images.astype(np.float32)
    labels = images.labels
    network.forget()
    predictions = classes(network, clean)
    left = np.broadcast_to(predictions == labels, (len(eps), len(labels))).copy()
    total = len(battery.stages) + len(battery.adapted)

    def by(stages: tuple[Stage, ...], done: int) -> tuple[StageOutcome, ...]:
        outcomes = []
        for place, stage in enumerate(stages, done):
            tick(stage.name, place, total)
            wanted = left if stage.access is not Access.ONE_STEP else np.broadcast_to(predictions == labels, left.shape)
            found = attacked(stage, network, images, wanted, eps, seed + place)
            outcomes.append(found)
            if stage.access is not Access.ONE_STEP:
                np.logical_and(left, ~np.logical_or.accumulate(found.fooled, axis=0), out=left)
        return tuple(outcomes)

    stages = by(battery.stages, 0)
    tick("probes", len(stages), total)
    evidence = Evidence(
        battery.name,
        eps,
        network.temperature,
        number,
        indices,
        labels,
        predictions,
        stages,
        probes_of(network, clean, labels, predictions, eps, left, battery, seed),
        network.broken,
    )
    if not flagged(checked(evidence), About.ATTACKS, About.NAIVE_GRADIENT):
        return evidence
    return replace(evidence, stages=stages + by(battery.adapted, len(stages)))


def attacked(
    stage: Stage, network: Network, images: Split, wanted: Bools, eps: tuple[float, ...], seed: int
) -> StageOutcome:
    """Return the outcome of one stage where ``wanted`` is true.

    Args:
        wanted: (k, n), true for each image up to some radius, and false beyond.

    Raises:
        BoundViolation: the attack left its ball or the box.
    """
    outcome = np.full(wanted.shape, NOT_TRIED, np.int8)
    gradients, queries = network.gradients, network.queries
    many = wanted.sum(axis=0)
    chosen = _spread(many, stage.most)
    for radii in range(1, len(eps) + 1):
        rows = np.flatnonzero(chosen & (many == radii))
        if not len(rows):
            continue
        spec = AttackSpec(stage.attack, (0.0, *eps[:radii]))
        clean, labels = images.images[rows].astype(np.float32), images.labels[rows]
        moved_images = stage.attack(network, clean.copy(), labels.copy(), eps[:radii], seed)
        for place, (radius, moved) in enumerate(zip(eps[:radii], moved_images, strict=True)):
            check(spec, clean, moved, radius)
            outcome[place, rows] = np.where(classes(network, moved) == labels, CORRECT, FOOLED)
    return StageOutcome(
        stage.name,
        str(stage.attack),
        stage.attack.version,
        stage.access,
        outcome,
        network.gradients - gradients,
        network.queries - queries,
    )


def _spread(many: NDArray[np.int64], most: int | None) -> Bools:
    """Return which images are tried: those left at a radius, at most ``most``, those left at the most radii first."""
    left = np.flatnonzero(many)
    if most is None or len(left) <= most:
        return np.asarray(many > 0)
    chosen = np.zeros(len(many), bool)
    chosen[left[np.argsort(-many[left], kind="stable")[:most]]] = True
    return chosen
