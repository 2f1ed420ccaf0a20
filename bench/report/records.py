"""Every record under a results folder that verifies and belongs together, and the reason for each that does not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.comparison.outcomes import Outcomes
from bench.errors import BenchError, IntegrityError
from bench.files import Arrays
from bench.report.networks import Attacked, LeftOut, Trained, one_group_each
from bench.spec import Run
from bench.state import Seen, look
from bench.store import Folder, Record, folders

# What the report takes from a record: one that lacks it is left out.
METRICS = (
    "accuracy",
    "sparsity",
    "parameters",
    "parameters_nonzero",
    "macs",
    "macs_nonzero",
    "gzip_bytes",
)
ATTACK = ("attack", "rows", "fraction", "images", "gradient_zero_images", "gradient_zero_pixels")
THREAT = ("label", "knowledge", "temperature", "norm")

Shared = dict[tuple[str, bytes], NDArray[Any]]


@dataclass(frozen=True)
class Records:
    """What a report is made of: networks by the name of their run and their seed; what is left out; what has no figures.

    ``unfinished`` has the state of every run without a network to show: diverged, failed, running, interrupted, pending.
    """

    networks: Mapping[str, Mapping[int, Trained]]
    left_out: tuple[LeftOut, ...] = ()
    unfinished: tuple[tuple[Run, Seen], ...] = ()

    def of(self, run: Run) -> Mapping[int, Trained]:
        """Return the networks of ``run`` by seed, whatever the seed of ``run``; none where there is no record."""
        return self.networks.get(run.name, {})

    @property
    def ends(self) -> str:
        """How many runs have nothing to show, by state, as "3 failed, 1 diverged"; empty where there are none."""
        counted = Counter(str(seen.state) for _, seen in self.unfinished)
        return ", ".join(f"{count} {state}" for state, count in counted.items())


def read(results: Path, *, mixed: bool = False) -> Records:
    """Read every record under ``results``, verified; nothing that is wrong with one raises.

    A run that another process is writing is not there yet. Of the networks on one data set and image size, those of
    other code or other images than most (at a tie, than the newest) are left out, and so are attacks by other code,
    unless ``mixed``.
    """
    found: list[Trained] = []
    left_out: list[LeftOut] = []
    unfinished: list[tuple[Run, Seen]] = []
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
            unfinished.append((folder.run, look(folder)))
    chosen, others = (found, []) if mixed else one_group_each(found)
    networks: dict[str, dict[int, Trained]] = defaultdict(dict)
    for each in chosen:
        networks[each.run.name][each.run.seed] = each
    ordered = {name: dict(sorted(seeds.items())) for name, seeds in networks.items()}
    return Records(ordered, (*left_out, *others), tuple(unfinished))


def _folders(results: Path) -> list[Folder | IntegrityError]:
    """Return every folder of a run, looked for twice where one was wrong or gone: it may have been on its way."""
    with suppress(OSError):
        found = list(folders(results))
        if all(isinstance(each, Folder) for each in found):
            return found
    return list(folders(results))


def _network(folder: Folder, shared: Shared) -> tuple[Trained | None, list[BenchError]]:
    where = folder.path / "run.json"
    try:
        training = folder.training()
        if training is None or training["status"] == "diverged":
            return None, []
        weights = training["artefacts"]["weights.npz"]["sha256"]
        attacks: dict[str, Attacked] = {}
        network = Trained(folder.run, training, attacks)
        _, data = network.group
        _need(network.metrics, METRICS)
    except BenchError as error:
        return None, [error]
    except (KeyError, TypeError) as error:
        return None, [IntegrityError(f"{where} lacks {error}: move it away and run again")]
    broken: list[BenchError] = []
    try:
        outcomes = list(folder.outcomes())
    except OSError as error:  # the folder of the attacks is being removed
        return None, [IntegrityError(f"{folder.path / 'attacks'} cannot be read: {error.strerror}")]
    for each in outcomes:
        attacked = each if isinstance(each, BenchError) else _attacked(each, folder, weights, data, shared)
        if isinstance(attacked, BenchError):
            broken.append(attacked)
            continue
        name = attacked.record["attack"]
        if name not in attacks or _size(attacked) > _size(attacks[name]):
            attacks[name] = attacked
    return network, broken


def _attacked(
    found: tuple[Record, Arrays], folder: Folder, weights: str, data: str, shared: Shared
) -> Attacked | IntegrityError:
    record, arrays = found
    where = folder.path / "attacks" / next(iter(record["artefacts"]))
    try:
        attacked = Attacked(record, _outcomes(arrays, shared))
        _need(record, ATTACK)
        _need(record["threat"], THREAT)
        if (record["weights"], record["data"], bool(attacked.code)) == (weights, data, True):
            return attacked
        return IntegrityError(f"{where} attacked other weights or images than run.json records: attack again")
    except (KeyError, TypeError, ValueError) as error:
        return IntegrityError(f"{where} lacks or garbles {error}: move it away and run again")


def _need(record: Record, keys: Iterable[str]) -> None:
    for key in keys:
        record[key]


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


def _size(attacked: Attacked) -> tuple[int, int]:
    return len(attacked.outcomes.indices), len(attacked.outcomes.eps)


def _blame(error: BenchError, results: Path) -> LeftOut:
    """Return an error with the file that it speaks of, below ``results``."""
    _, _, after = str(error).partition(f"{results}/")
    found = re.match(r".+?/seed-[^/]+/(attacks/)?[^/\s:]+", after)
    return LeftOut(found.group() if found else "?", str(error))
