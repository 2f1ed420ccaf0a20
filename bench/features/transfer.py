"""Feature transfer: which cut and which C serve another task best, and how easily the whole is fooled.

The attack ``transfer`` of ``bench/attacks`` is something else: there, attacked images go from one network to another.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tf_keras as keras
from numpy.typing import NDArray

from bench.attacks.apgd import Apgd
from bench.attacks.base import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Dataset, Split, spread
from bench.datasets.messages import printable
from bench.errors import BadInput, BenchError
from bench.evaluation.classifier import Classifier
from bench.evaluation.referee import judge
from bench.features.cuts import check_cuts, default_cuts, features_at, pooled
from bench.features.svm import PENALTIES, LinearSvm, check_machine, fitted
from bench.networks import LoadedNetwork
from bench.records.outcomes import wilson
from bench.records.provenance import environment, with_module
from bench.records.schema import RadiusRow, TransferAttackRow, TransferRecord, TransferRow
from bench.records.threats import threat_record
from bench.training.clock import Clock
from bench.training.progress import Progress

VERSION = 1
HELD_OUT = 0.2
ATTACKS: tuple[Attack, ...] = (Fgsm(loss="margin"), Apgd(loss="margin", steps=20))
LOGITS = 1e-3  # by which the logits of the whole network may differ from those of the machine, relative to the largest


def transfer(
    network: LoadedNetwork,
    data: Dataset,
    progress: Progress,
    cuts: Sequence[str] = (),
    penalties: Sequence[float] = PENALTIES,
    eps: Sequence[float] = (1.0, 2.0),
    attacked: int = 256,
    seed: int = 0,
) -> TransferRecord:
    """Fit a linear SVM on features of ``network`` for each cut and C; attack the whole with the best of them.

    A fifth of the training images of each class is held out to choose cut and C; of equal accuracy the first is taken. The
    chosen pair is fitted again on all training images, and its accuracy is measured on the validation images, which nothing
    was chosen on. Network and machine then become one network, which is attacked as any other.

    Args:
        network: the trunk. It is not trained further.
        data: the other task, at the trunk's image size; its classes need not be those of the network.
        progress: shows what is done.
        cuts: names of layers; where left out, four of them.
        penalties: values of C.
        eps: the radii of the attacks, L-infinity, pixel levels, ascending, above 0.
        attacked: validation images to attack, at even distances.
        seed: of the held-out part and of the solver.

    Raises:
        BadInput: scikit-learn is not installed, or a layer, C or radius cannot be, or a class has fewer than two images.
    """
    check_machine(penalties)
    clock = Clock()
    model = network.classifier.model
    specs = [AttackSpec(attack, (0.0, *eps)) for attack in ATTACKS]
    chosen = list(dict.fromkeys(cuts)) or default_cuts(model)
    check_cuts(model, chosen)
    kept, held = _halves(data, seed)
    progress.say(
        f"features of {len(data.train):,} training and {len(data.val):,} validation images at {', '.join(chosen)}"
    )
    train, seconds = _timed(model, chosen, data.train.images)
    val, _ = _timed(model, chosen, data.val.images)
    rows = []
    for cut in chosen:
        for penalty in dict.fromkeys(penalties):
            began = time.perf_counter()
            machine = fitted(train[cut][kept], data.train.labels[kept], penalty, seed)
            right = machine.right(train[cut][held], data.train.labels[held])
            low, high = wilson(right, len(held))
            rows.append(
                TransferRow(
                    cut=cut,
                    features=train[cut].shape[1],
                    c=penalty,
                    accuracy=right / len(held),
                    low=low,
                    high=high,
                    seconds=time.perf_counter() - began,
                    converged=machine.converged,
                )
            )
            progress.say(f"{cut}, C = {penalty:g}: {rows[-1].accuracy:.4f} on the held-out training images")
    best = max(rows, key=lambda row: row.accuracy)
    machine = fitted(train[best.cut], data.train.labels, best.c, seed)
    right = machine.right(val[best.cut], data.val.labels)
    low, high = wilson(right, len(data.val))
    whole = whole_network(model, best.cut, machine)
    _check_same(whole, machine, val[best.cut], data.val)
    shown = data.val.spread(attacked)
    return TransferRecord(
        version=VERSION,
        network=network.name,
        weights=network.weights,
        data=data.fingerprint,
        classes=list(data.classes),
        train=len(data.train),
        held_out=len(held),
        val=len(data.val),
        feature_seconds=seconds,
        rows=rows,
        cut=best.cut,
        c=best.c,
        accuracy=right / len(data.val),
        low=low,
        high=high,
        attacked=len(shown),
        attacks=[_attacked(spec, whole, shown, seed, progress) for spec in specs],
        seed=seed,
        largest_class=float(np.bincount(data.train.labels[held]).max() / len(held)),
        environment=with_module(environment(), "sklearn"),
        volatile=clock.read(),
    )


def whole_network(model: Any, cut: str, machine: LinearSvm) -> Any:
    """Return one tf_keras network, from pixel levels to logits: the trunk up to ``cut``, pooled, and the machine."""
    dense = keras.layers.Dense(machine.kernel.shape[1], name="svm")
    whole = keras.Model(model.input, dense(pooled(model, cut)))
    dense.set_weights([machine.kernel, machine.bias])
    return whole


def _halves(data: Dataset, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of the training images that are kept and of those held out, ``HELD_OUT`` of each class, at least one."""
    draw, split = np.random.default_rng(seed), data.train
    held = []
    for label in np.unique(split.labels):
        rows = draw.permutation(np.flatnonzero(split.labels == label))
        if len(rows) < 2:
            raise BadInput(
                f"the class {printable(data.classes[label])!r} has {len(rows)} training image: expected two or more, to hold one "
                "out; add images, or remove the class"
            )
        held.append(rows[: max(1, round(HELD_OUT * len(rows)))])
    out = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(split)), out), out


def _timed(model: Any, cuts: Sequence[str], images: NDArray[np.uint8]) -> tuple[dict[str, NDArray[np.float32]], float]:
    began = time.perf_counter()
    return features_at(model, cuts, images), time.perf_counter() - began


def _check_same(whole: Any, machine: LinearSvm, features: NDArray[np.float32], images: Split) -> None:
    """Check that the network built gives the logits of the machine, on a few images."""
    few = spread(len(images), 16)
    expected = machine.logits(features[few])
    found = Classifier(whole).logits(images.images[few].astype(np.float32))
    if np.abs(found - expected).max() > LOGITS * np.abs(expected).max():
        raise BenchError(
            "the network built of trunk and machine gives other logits than both apart: its attack is not made"
        )


def _attacked(spec: AttackSpec, whole: Any, images: Split, seed: int, progress: Progress) -> TransferAttackRow:
    progress.say(f"attacking the whole: {spec}")
    target = Classifier(whole)
    outcomes = judge(spec, target, images, np.arange(len(images)), seed, progress.counter(str(spec)))
    return TransferAttackRow(
        attack=str(spec.attack),
        version=spec.attack.version,
        threat=threat_record(spec.attack.norm, spec.attack.threat(1.0), 1.0),  # the SVM has no temperature
        gradient_zero_images=target.zero_images,
        rows=[RadiusRow(**row) for row in outcomes.rows()],
    )
