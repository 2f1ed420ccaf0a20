"""Every record under a results folder that verifies and belongs together, and the reason for each that does not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError, IntegrityError
from bench.records.files import Arrays
from bench.records.networks import LeftOut, RecordedAttack, TrainedNetwork, comparable_networks
from bench.records.outcomes import Outcomes
from bench.records.schema import AttackRecord, TrainingRecord
from bench.records.status import RunStatus, status_of
from bench.records.store import Folder, folders
from bench.spec.run import Run

Shared = dict[tuple[str, bytes], NDArray[Any]]


@dataclass(frozen=True)
class Collection:
    """What a report is made of: networks by the name of their run and their seed; what is left out; what has no figures.

    ``unfinished`` has the state of every run without a network to show: diverged, failed, running, interrupted, pending.
    """

    networks: Mapping[str, Mapping[int, TrainedNetwork]]
    left_out: tuple[LeftOut, ...] = ()
    unfinished: tuple[tuple[Run, RunStatus], ...] = ()

    def of(self, run: Run) -> Mapping[int, TrainedNetwork]:
        """Return the networks of ``run`` by seed, whatever the seed of ``run``; none where there is no record."""
        return self.networks.get(run.name, {})

    @property
    def ends(self) -> str:
        """How many runs have nothing to show, by state, as "3 failed, 1 diverged"; empty where there are none."""
        counted = Counter(str(seen.state) for _, seen in self.unfinished)
        return ", ".join(f"{count} {state}" for state, count in counted.items())


def read(results: Path, *, mixed: bool = False) -> Collection:
    """Read every record under ``results``, verified; nothing that is wrong with one raises.

    A run that another process is writing is not there yet. Of the networks on one data set and image size, those of
    other code or other images than most (at a tie, than the newest) are left out, and so are attacks by other code,
    unless ``mixed``.
    """
    found: list[TrainedNetwork] = []
    left_out: list[LeftOut] = []
    unfinished: list[tuple[Run, RunStatus]] = []
    shared: Shared = {}
    for folder in _folders(results):
        if not isinstance(folder, Folder):
            left_out.append(_blame(folder, results))
            continue
        network, broken = _network(folder, shared)
        if broken and not folder.is_locked():
            network, broken = _network(folder, shared)  # its writer may have come to its end between the two
        if broken and folder.is_locked():
            broken = []  # what does not verify now is being written
        left_out += [_blame(error, results) for error in broken]
        if network:
            found.append(network)
        if not broken and not (network and network.attacks):
            unfinished.append((folder.run, status_of(folder)))
    chosen, others = (found, []) if mixed else comparable_networks(found)
    networks: dict[str, dict[int, TrainedNetwork]] = defaultdict(dict)
    for each in chosen:
        networks[each.run.name][each.run.seed] = each
    ordered = {name: dict(sorted(seeds.items())) for name, seeds in networks.items()}
    return Collection(ordered, (*left_out, *others), tuple(unfinished))


def _folders(results: Path) -> list[Folder | IntegrityError]:
    """Return every folder of a run, looked for twice where one was wrong or gone: it may have been on its way."""
    with suppress(OSError):
        found = list(folders(results))
        if all(isinstance(each, Folder) for each in found):
            return found
    return list(folders(results))


def _network(folder: Folder, shared: Shared) -> tuple[TrainedNetwork | None, list[BenchError]]:
    try:
        training = folder.training()
    except BenchError as error:
        return None, [error]
    if training is None or training.diverged:
        return None, []
    if training.metrics is None or "weights.npz" not in training.artefacts:
        what = "metrics" if training.metrics is None else "the hash of its weights"
        return None, [IntegrityError(f"{folder.path / 'run.json'} lacks {what}: move it away and run again")]
    attacks: dict[str, RecordedAttack] = {}
    broken: list[BenchError] = []
    try:
        outcomes = list(folder.outcomes())
    except OSError as error:  # the folder of the attacks is being removed
        return None, [IntegrityError(f"{folder.path / 'attacks'} cannot be read: {error.strerror}")]
    for each in outcomes:
        attack = each if isinstance(each, BenchError) else _attack(each, folder, training, shared)
        if isinstance(attack, BenchError):
            broken.append(attack)
            continue
        name = attack.record.attack
        if name not in attacks or attack.size > attacks[name].size:
            attacks[name] = attack
    return TrainedNetwork(folder.run, training, attacks), broken


def _attack(
    found: tuple[AttackRecord, Arrays], folder: Folder, training: TrainingRecord, shared: Shared
) -> RecordedAttack | IntegrityError:
    record, arrays = found
    where = folder.path / "attacks" / next(iter(record.artefacts))
    if (record.weights, record.data) != (training.weights, training.data.fingerprint):
        return IntegrityError(f"{where} attacked other weights or images than run.json records: attack again")
    try:
        return RecordedAttack(record, _outcomes(arrays, shared))
    except (KeyError, TypeError, ValueError) as error:
        return IntegrityError(f"{where} lacks or garbles {error}: move it away and run again")


def _outcomes(arrays: Arrays, shared: Shared) -> Outcomes:
    """Return the outcomes in ``arrays``; equal labels and indices of different records are one array, kept in ``shared``."""
    labels, indices = (
        shared.setdefault((str(each.dtype), each.tobytes()), each) for each in (arrays["labels"], arrays["indices"])
    )
    eps = tuple(float(radius) for radius in arrays["eps"])
    predictions = arrays["predictions"]
    ascending = bool((np.diff(indices) > 0).all())
    if predictions.shape != (len(eps), *labels.shape) or indices.shape != labels.shape or not ascending or 0 not in eps:
        raise ValueError(f"predictions of shape {predictions.shape} for {len(eps)} radii and {labels.shape} labels")
    return Outcomes(eps, indices, labels, predictions)


def _blame(error: BenchError, results: Path) -> LeftOut:
    """Return an error with the file that it speaks of, below ``results``."""
    _, _, after = str(error).partition(f"{results}/")
    found = re.match(r".+?/seed-[^/]+/(attacks/)?[^/\s:]+", after)
    return LeftOut(found.group() if found else "?", str(error))
