"""All records under a results folder that can be compared, and why each of the others is left out."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench.errors import IntegrityError, Unreadable
from bench.records.files import Arrays
from bench.records.networks import LeftOut, RecordedAttack, TrainedNetwork, comparable_networks
from bench.records.outcomes import Outcomes, Shared
from bench.records.schema import (
    AuditRecord,
    ClassDrawingRecord,
    FoolingMatrixRecord,
    LookRecord,
    TrainingRecord,
    TransferRecord,
)
from bench.records.status import RunStatus, status_of
from bench.records.store import Folder, folders
from bench.records.studies import Study, studies, weights_of
from bench.spec.run import Run

Made = TypeVar("Made", AuditRecord, LookRecord)


@dataclass(frozen=True)
class Collection:
    """The networks of a results folder.

    Args:
        networks: by the name of their run, then by seed.
        left_out: records that are not used, and why.
        unfinished: runs without a network, or without an attack and an audit, with their state.
        matrices: how often the fooling images of networks fool one another.
        transfers: how far the features of a network carry over to another task.
        drawings: what networks take for a class.
    """

    networks: Mapping[str, Mapping[int, TrainedNetwork]]
    left_out: tuple[LeftOut, ...] = ()
    unfinished: tuple[tuple[Run, RunStatus], ...] = ()
    matrices: tuple[FoolingMatrixRecord, ...] = ()
    transfers: tuple[TransferRecord, ...] = ()
    drawings: tuple[ClassDrawingRecord, ...] = ()

    def of(self, run: Run) -> Mapping[int, TrainedNetwork]:
        """Return the networks of ``run`` by seed. The seed of ``run`` itself does not matter."""
        return self.networks.get(run.name, {})

    @property
    def every(self) -> list[TrainedNetwork]:
        """All networks, in the order of run and seed."""
        return [network for seeds in self.networks.values() for network in seeds.values()]

    @property
    def runs(self) -> list[Run]:
        """The runs that have a network, each at the first of its seeds."""
        return [next(iter(seeds.values())).run for seeds in self.networks.values()]

    @property
    def damaged(self) -> tuple[LeftOut, ...]:
        """What is left out because it is damaged or cannot be read."""
        return tuple(each for each in self.left_out if each.damaged)

    @property
    def ends(self) -> str:
        """The unfinished runs counted by state, as "3 failed, 1 diverged"; empty where there are none."""
        counted = Counter(str(seen.state) for _, seen in self.unfinished)
        return ", ".join(f"{count} {state}" for state, count in counted.items())


def read(results: Path, *, mixed: bool = False) -> Collection:
    """Read and verify every record under ``results``. A wrong record is left out; it raises nothing.

    A run that another process writes at the moment is not read. Networks of another version or other images than most
    are left out, and so are attacks of another version, unless ``mixed``: see ``comparable_networks``.
    """
    with _uncollected():
        found, left_out, unfinished = _networks(results)
    kept, broken = _studies(results, {each.run.key: each.record.weights for each in found})
    left_out += [_blame(error, results) for error in broken]
    chosen, others = (found, []) if mixed else comparable_networks(found)
    networks: dict[str, dict[int, TrainedNetwork]] = defaultdict(dict)
    for each in chosen:
        networks[each.run.name][each.run.seed] = each
    ordered = {name: dict(sorted(seeds.items())) for name, seeds in networks.items()}
    return Collection(
        ordered,
        (*left_out, *others),
        tuple(unfinished),
        tuple(each for each in kept if isinstance(each, FoolingMatrixRecord)),
        tuple(each for each in kept if isinstance(each, TransferRecord)),
        tuple(each for each in kept if isinstance(each, ClassDrawingRecord)),
    )


def _networks(results: Path) -> tuple[list[TrainedNetwork], list[LeftOut], list[tuple[Run, RunStatus]]]:
    """Return the networks below ``results``, what is damaged, and the runs that have no network or no attack yet."""
    found: list[TrainedNetwork] = []
    left_out: list[LeftOut] = []
    unfinished: list[tuple[Run, RunStatus]] = []
    shared: Shared = {}
    for folder in _folders(results):
        if not isinstance(folder, Folder):
            left_out.append(_blame(folder, results))
            continue
        network, broken = read_network(folder, shared)
        if broken and not folder.is_locked():
            network, broken = read_network(folder, shared)  # its writer may have finished in between
        if broken and folder.is_locked():
            broken = []  # its writer is at work
        left_out += [_blame(error, results) for error in broken]
        if network:
            found.append(network)
        if not broken and not (network and (network.attacks or network.audits)):
            unfinished.append((folder.run, status_of(folder)))
    return found, left_out, unfinished


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from searching all records again and again: they are kept, and have no cycles.

    With thousands of networks it takes a third of the time of reading.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _studies(results: Path, weights: Mapping[str, str]) -> tuple[list[Study], list[IntegrityError]]:
    """Return the studies below ``results`` and the errors of the others.

    Args:
        weights: the sha256 of the weights of each recorded run. A study of other weights of a run is an error.
    """
    kept: list[Study] = []
    broken: list[IntegrityError] = []
    for path, found in studies(results):
        if isinstance(found, IntegrityError):
            broken.append(found)
            continue
        old = [name for name, each in weights_of(found).items() if weights.get(name, each) != each]
        if old:
            broken.append(
                IntegrityError(f"{path} is of other weights of {old[0]} than those of run.json: make it again", path)
            )
        else:
            kept.append(found)
    return kept, broken


def network_of(folder: Folder) -> TrainedNetwork | None:
    """Return the network in ``folder`` with its records; None where there is no network.

    Raises:
        IntegrityError: a record is damaged or cannot be read.
    """
    network, broken = read_network(folder)
    if broken:
        raise broken[0]
    return network


def _folders(results: Path) -> list[Folder | IntegrityError]:
    """Return every folder of a run. Look twice where one is wrong or gone: it may have been written at the moment."""
    with suppress(OSError):
        found = list(folders(results))
        if all(isinstance(each, Folder) for each in found):
            return found
    return list(folders(results))


def read_network(folder: Folder, shared: Shared | None = None) -> tuple[TrainedNetwork | None, list[IntegrityError]]:
    """Return the network in ``folder`` with all that is of its weights and images, and the errors of the rest.

    There is no network where the run is not trained, where it diverged, or where the record of its training is damaged.
    """
    try:
        training = folder.training()
    except IntegrityError as error:
        return None, [error]
    if training is None or training.diverged:
        return None, []
    try:
        attacks, broken = _attacks(folder, training, shared)
    except OSError as error:  # the folder of the attacks is being removed
        place = folder.attacks.folder
        return None, [Unreadable(f"cannot read {place}: {error.strerror}", place)]

    def whole(found: Iterable[tuple[Made, Arrays] | IntegrityError]) -> Iterator[tuple[Made, Arrays]]:
        for each in found:
            if isinstance(each, IntegrityError):
                broken.append(each)
            else:
                yield each

    audits = {made.battery: made for made, _ in whole(folder.audits.each(training))}
    looks = {made.images: (made, numbers) for made, numbers in whole(folder.looks.each(training))}
    timed = None
    try:
        timed = folder.latency(training)
    except IntegrityError as error:
        broken.append(error)
    return TrainedNetwork(folder.run, training, attacks, audits, timed, dict(sorted(looks.items()))), broken


def _attacks(
    folder: Folder, training: TrainingRecord, shared: Shared | None
) -> tuple[dict[str, RecordedAttack], list[IntegrityError]]:
    """Return the attacks on the network of ``training`` by their text, of two records the larger, and the errors."""
    attacks: dict[str, RecordedAttack] = {}
    broken: list[IntegrityError] = []
    for each in folder.attacks.each(training):
        if isinstance(each, IntegrityError):
            broken.append(each)
            continue
        record, arrays = each
        try:
            attack = RecordedAttack(record, Outcomes.of(arrays, shared))
        except (KeyError, TypeError, ValueError) as error:
            where = folder.attacks.folder / next(iter(record.artefacts))
            reason = f"has wrong or missing arrays ({error}): move it away and run again"
            broken.append(IntegrityError(f"{where} {reason}", where))
            continue
        if record.attack not in attacks or attack.size > attacks[record.attack].size:
            attacks[record.attack] = attack
    return attacks, broken


def _blame(error: IntegrityError, results: Path) -> LeftOut:
    """Return an error with the file that it is about, relative to ``results``."""
    return LeftOut(error.path.relative_to(results).as_posix() if error.path else "?", str(error), damaged=True)
