"""The evaluation that audits a trained network and records the evidence and the verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.audit.battery import BATTERIES, Battery
from bench.audit.collect import collect
from bench.audit.cost import cost_of
from bench.audit.evidence import Evidence
from bench.audit.record import evidence_of, fields_of, verdict_record
from bench.audit.verdict import judge
from bench.errors import BadInput
from bench.evaluation.base import Evaluation, Network, Subject
from bench.records.schema import AuditRecord, ControlRow
from bench.records.store import Folder
from bench.spec.architectures import architecture
from bench.spec.control import control_of
from bench.training.clock import Clock


def audited_images(battery: Battery, images: int) -> NDArray[np.int64]:
    """Return the places, ascending, of the images that ``battery`` takes out of ``images`` validation images.

    They are the same for every run and seed, so that any two networks are compared on the same images, and those of a
    smaller battery are among those of a larger one.
    """
    seed = int.from_bytes(hashlib.sha256(b"audit").digest()[:4], "big")
    return np.sort(np.random.default_rng(seed).permutation(images)[: battery.images])


@dataclass(frozen=True)
class AuditEvaluation(Evaluation):
    """The audit of a network by ``battery``."""

    battery: Battery

    def __str__(self) -> str:
        return f"audit ({self.battery.name})"

    def is_recorded(self, folder: Folder) -> bool:
        """Tell whether ``folder`` has the record of this audit, at the version of today."""
        found = folder.audit(self.battery.name)
        return found is not None and found[0].version == self.battery.version

    def _battery(self, subject: Subject) -> Battery:
        """Return the battery, without transfer where there is no network of a control to attack from."""
        try:
            source = subject.folder.other("", "transfer")
        except BadInput as error:
            subject.progress.say(f"auditing without transfer: {error}")
            return self.battery.alone
        return self.battery.alone if source.path == subject.folder.path else self.battery

    def _network(self, subject: Subject) -> Network:
        if not self.battery.int8:
            return subject.network
        # Here, because the command line starts without TensorFlow.
        from bench.evaluation.classifier import Classifier
        from bench.evaluation.int8 import calibration_images, int8
        from bench.evaluation.restored import restored

        fresh = restored(subject.folder, subject.training)  # its kernels are changed
        return Classifier(int8(fresh.model, calibration_images(subject.data)), fresh.temperature, fresh.other)

    def evaluate(self, subject: Subject) -> None:
        """Audit ``subject`` and record the evidence and the verdict.

        Raises:
            BoundViolation: an attack left its ball or the box.
        """
        clock, run = Clock(), subject.folder.run
        indices = audited_images(self.battery, len(subject.data.val))
        eps = architecture(run.arch).audit_eps

        def tick(stage: str, done: int, total: int) -> None:
            subject.progress.say(f"auditing: {stage} ({done + 1} of {total + 1})")

        chosen = subject.data.val.part(indices)
        battery = self._battery(subject)
        network = self._network(subject)
        cost = cost_of(battery, network, chosen, len(eps))
        subject.progress.say(f"auditing ({self.battery.name}): {cost}")
        evidence = collect(
            battery,
            network,
            chosen,
            indices,
            eps,
            len(subject.data.classes),
            run.derived_seed("audit"),
            tick,
        )
        record = AuditRecord(
            **fields_of(evidence),
            control=None,
            weights=subject.training.weights,
            data=subject.data.fingerprint,
            environment=subject.environment,
            volatile=clock.read(),
        )
        compared = _with_verdict(
            record,
            evidence,
            control_audit(subject.folder, self.battery.name),
            is_control(subject.folder, self.battery.name),
        )
        subject.folder.write_audit(compared, evidence.arrays())


def control_audit(folder: Folder, battery: str) -> tuple[ControlRow, Evidence] | None:
    """Return the control of the run in ``folder`` and the evidence of its audit by ``battery``.

    In 8 bits, the control is audited as it was trained, and a network may be its own control.
    None where the network is its own control, or the control has no such audit in the same results folder.
    """
    control, name = control_of(folder.run), BATTERIES[battery].of_control
    return None if is_control(folder, battery) else _evidence(Folder(folder.results, control), name)


def is_control(folder: Folder, battery: str) -> bool:
    """Tell whether the run in ``folder``, audited by ``battery``, is its own control."""
    return control_of(folder.run) == folder.run and BATTERIES[battery].of_control == battery


def audited(folder: Folder, battery: str, control: Folder | None = None) -> AuditRecord:
    """Return the recorded audit of the run in ``folder``, with the verdict against ``control``, or else its own control.

    The own control may have been audited since: then the record gets the new verdict.

    Raises:
        BadInput: the run has no such audit.
    """
    found = folder.audit(battery)
    if found is None:
        raise BadInput(f"{folder.path} has no audit ({battery}): expected one; run bench audit {folder.run.key}")
    record, arrays = found
    other = control_audit(folder, battery) if control is None else _evidence(control, BATTERIES[battery].of_control)
    alone = control is None and is_control(folder, battery)
    judged = _with_verdict(record, evidence_of(record, arrays), other, alone)
    if control is None and judged != record:
        folder.write_audit(judged, arrays)
    return judged


def _evidence(folder: Folder, battery: str) -> tuple[ControlRow, Evidence] | None:
    found = folder.audit(battery)
    if found is None or found[0].version != BATTERIES[battery].version:
        return None
    record, arrays = found
    row = ControlRow(run=folder.run.name, seed=folder.run.seed, weights=record.weights)
    return row, evidence_of(record, arrays)


def _with_verdict(
    record: AuditRecord, evidence: Evidence, control: tuple[ControlRow, Evidence] | None, undefended: bool
) -> AuditRecord:
    same = control is not None and control[0].weights == record.weights and evidence.battery == control[1].battery
    row, theirs = control if control is not None and not same else (None, None)
    return record.model_copy(
        update={"control": row, "verdict": verdict_record(judge(evidence, theirs, undefended=undefended))}
    )


def audit_evaluations(batteries: Sequence[str]) -> list[AuditEvaluation]:
    """Return an evaluation for each of the named ``batteries``."""
    return [AuditEvaluation(BATTERIES[name]) for name in batteries]
