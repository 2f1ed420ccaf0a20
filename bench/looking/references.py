"""The networks that a look compares with: the control, and another seed of it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.records.images import check_same_images
from bench.records.schema import ControlRow, TrainingRecord
from bench.records.store import Folder
from bench.spec.control import control_of
from bench.spec.run import Run


@dataclass(frozen=True)
class References:
    """The networks that one network is compared with; None where there is none.

    Args:
        control: its control, or the network named instead.
        seeds: another seed of the control; of the network itself where that is its own control.
    """

    control: Folder | None
    seeds: Folder | None

    @property
    def rows(self) -> tuple[ControlRow | None, ControlRow | None]:
        """Both as a record names them."""
        return _row(self.control), _row(self.seeds)


def references(folder: Folder, named: Run | None = None) -> References:
    """Return the networks that the one in ``folder`` is compared with, of those whose weights are here.

    Its control goes first. Where that is not here, or where both networks are their own controls, it is ``named``. Of the
    other seeds, the lowest is taken.

    Args:
        named: the run to compare with where there is no control.

    Raises:
        BadInput: ``named`` has no network here, or one that was trained on other images.
    """
    own = folder.trained()
    control = Folder(folder.results, control_of(folder.run))
    alone = control.path == folder.path
    found = _named(folder, named, own, alone) if alone or not _usable(control, own) else control
    first = found or (folder if alone else None)
    seeds = first.other_seeds() if first else []
    others = [each for each in seeds if each.path != folder.path and _usable(each, own)]
    return References(found, others[0] if others else None)


def _named(folder: Folder, named: Run | None, own: TrainingRecord, alone: bool) -> Folder | None:
    if named is None or (alone and control_of(named) != named):
        return None
    found = Folder(folder.results, named)
    if found.path == folder.path:
        return None
    check_same_images([(folder.run.key, own.data.fingerprint), (named.key, found.trained().data.fingerprint)])
    return found


def _usable(folder: Folder, own: TrainingRecord) -> bool:
    return folder.has_network and folder.trained().data.fingerprint == own.data.fingerprint


def _row(folder: Folder | None) -> ControlRow | None:
    return folder.as_control() if folder else None
