"""The audit of a network that was not trained by this suite. Importing it starts TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bench.attacks.spec import radii_above_zero
from bench.audit.battery import Battery
from bench.audit.collect import measured
from bench.audit.evidence import Evidence
from bench.audit.foreign import load
from bench.audit.record import fields_of
from bench.audit.verdict import judge
from bench.datasets.base import Dataset
from bench.datasets.folder import images_of, or_skipped
from bench.datasets.messages import Report
from bench.evaluation.classifier import Classifier
from bench.records.provenance import environment
from bench.records.schema import AuditRecord, ControlRow
from bench.spec.run import Run
from bench.training.clock import Clock
from bench.training.progress import Progress

SEED = 0


@dataclass(frozen=True)
class Foreign:
    """A network that was trained elsewhere: how it is loaded, its weights, and the images to attack.

    Args:
        place: ``FILE.py:FUNCTION``, or another name that ``load`` knows.
        weights: a file of arrays; see ``bench/audit/foreign.py``.
        control: the weights of an undefended network of the same function; None without one.
        data_dir: class folders of images.
        image_size: pixels a side.
        temperature: the T of its training.
        eps: the radii, L-infinity, pixel levels, ascending; 0 is left out.
        load: builds a network of ``place`` with the weights of a file, for images. See ``bench/audit/foreign.py``.
        labelled: maps the class folders to the classes of the network. Without it, output i is the i-th folder.
        uncompared: what to do where there is no control, for the verdict.

    Raises:
        BadInput: the size, the temperature or a radius cannot be.
    """

    place: str
    weights: Path
    control: Path | None
    data_dir: Path
    image_size: int
    temperature: float
    eps: tuple[float, ...]
    load: Callable[[str, Path, Dataset, Report], Any] = load
    labelled: Callable[[Dataset], Dataset] = lambda data: data
    uncompared: str = "give the weights of the undefended network with --control"

    def __post_init__(self) -> None:
        for each in fields(Run):
            if each.name in ("image_size", "temperature"):
                each.metadata["limit"].check(each.name, getattr(self, each.name))
        object.__setattr__(self, "eps", radii_above_zero(self.eps))


def audit_foreign(network: Foreign, battery: Battery, progress: Progress, skip_broken: bool = False) -> AuditRecord:
    """Audit a network of the user, and its control where there is one, on the same images; return the record.

    Raises:
        BadInput: the network, its weights or the images cannot be used.
    """
    clock = Clock()
    with or_skipped():
        folders = images_of(
            network.data_dir, network.image_size, progress.say, progress.counter("images"), skip_broken=skip_broken
        )
    data = network.labelled(folders)
    control = network.load(network.place, network.control, data, progress.say) if network.control else None
    model = network.load(network.place, network.weights, data, progress.say)

    def evidence_of(target: Classifier, stages: Battery, name: str) -> Evidence:
        return measured(stages, target, name, data, network.eps, SEED, progress)

    alone = battery.alone
    if control is None or network.control is None:
        row, theirs = None, None
        evidence = evidence_of(Classifier(model, network.temperature), alone, "the network")
    else:
        source = Classifier(control)
        theirs = evidence_of(source, alone, "the control")
        row = ControlRow(run=network.control.name, seed=SEED, weights=_sha256(network.control))
        evidence = evidence_of(Classifier(model, network.temperature, lambda _: source), battery, "the network")
    return AuditRecord(
        **fields_of(evidence, judge(evidence, theirs, uncompared=network.uncompared)),
        control=row,
        weights=_sha256(network.weights),
        data=data.fingerprint,
        environment=environment(),
        volatile=clock.read(),
    )


def _sha256(path: Path) -> str:
    """Return the hash of a file, or of the files of a folder in order of name."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for each in files:
        digest.update(each.read_bytes())
    return digest.hexdigest()
