"""The evaluation that audits a trained network and records the evidence and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.audit.battery import BATTERIES, Battery, is_int8
from bench.audit.collect import measured
from bench.audit.evidence import Evidence
from bench.audit.record import evidence_of, fields_of, verdict_record
from bench.audit.verdict import UNAUDITED, Verdict, judge
from bench.datasets.messages import Report
from bench.errors import BadInput
from bench.evaluation.base import Evaluation, Network, Subject
from bench.records.images import check_same_images
from bench.records.schema import AuditRecord, ControlRow, TrainingRecord
from bench.records.store import Folder
from bench.spec.architectures import architecture
from bench.spec.control import control_of
from bench.spec.run import Run
from bench.training.clock import Clock


@dataclass(frozen=True)
class AuditEvaluation(Evaluation):
    """The audit of a network by ``battery``."""

    battery: Battery

    def __str__(self) -> str:
        return f"audit ({self.battery.name})"

    def is_recorded(self, folder: Folder) -> bool:
        """Tell whether ``folder`` has this audit of its network, at the version of today and with all stages of today."""
        found = folder.audits.get(self.battery.name)
        return found is not None and self.made(found[0], folder)

    def made(self, record: AuditRecord, folder: Folder) -> bool:
        """Tell whether ``record``, of the network in ``folder``, has the version and all stages of this audit of today."""
        training = folder.training()
        if training is None or record.version != self.battery.version:
            return False
        done = {each.stage for each in record.stages}

        def lacks_none_of(battery: Battery) -> bool:
            adapted = battery.adapted if any(each.name in done for each in battery.adapted) else ()
            return all(each.name in done for each in (*battery.stages, *adapted))

        return lacks_none_of(self.battery) or lacks_none_of(self._battery(folder, training))

    def _battery(self, folder: Folder, training: TrainingRecord, report: Report = lambda _: None) -> Battery:
        """Return the battery, without the stages that need another network where there is none; ``report`` says why.

        The other network is the control. For a control in 8 bits it is the control itself in float32.
        """
        try:
            source = folder.other("", "transfer")
            trained = ((folder.run.key, training), (source.run.key, source.trained()))
            check_same_images((name, each.data.fingerprint) for name, each in trained)
        except BadInput as error:
            report(f"auditing without transfer: {error}")
            return self.battery.alone
        return self.battery.alone if source.path == folder.path and not self.battery.int8 else self.battery

    def _network(self, subject: Subject) -> Network:
        if not self.battery.int8:
            return subject.network
        # Here, because the command line starts without TensorFlow.
        from bench.evaluation.classifier import Classifier
        from bench.evaluation.int8 import int8
        from bench.evaluation.restored import restored

        # Its kernels are rounded. Those of the subject's own network are not: it may be what the attacks start from.
        fresh = restored(subject.folder, subject.training)
        return Classifier(int8(fresh.model, subject.data.calibration), fresh.temperature, subject.network.other)

    def evaluate(self, subject: Subject) -> None:
        """Audit ``subject`` and record the evidence and the verdict.

        Raises:
            BoundViolation: an attack left its ball or the box.
        """
        clock, run = Clock(), subject.folder.run
        evidence = measured(
            self._battery(subject.folder, subject.training, subject.progress.say),
            self._network(subject),
            run.key,
            subject.data,
            architecture(run.arch).audit_eps,
            run.derived_seed("audit"),
            subject.progress,
        )
        weights, data = subject.training.weights, subject.data.fingerprint
        control, verdict = judged(evidence, weights, data, subject.folder)
        record = AuditRecord(
            **fields_of(evidence, verdict),
            control=control,
            weights=weights,
            data=data,
            environment=subject.environment,
            volatile=clock.read(),
        )
        subject.folder.audits.write(self.battery.name, record, evidence.arrays())


def is_control(folder: Folder, battery: str) -> bool:
    """Tell whether the run in ``folder``, audited by ``battery``, is its own control.

    In 8 bits, the control is audited as it was trained, and a network may be its own control.
    """
    return control_of(folder.run) == folder.run and not is_int8(battery)


def audited(folder: Folder, battery: Battery, control: Folder | None = None) -> AuditRecord:
    """Return the recorded audit of the run in ``folder``, with the verdict against ``control``, or else its own control.

    The own control may have been audited since: then the record gets the new verdict.

    Raises:
        BadInput: the run has no such audit, or cannot be compared with ``control``.
    """
    found = folder.audits.get(battery.name)
    if found is None:
        raise BadInput(f"{folder.path} has no audit ({battery.name}): expected one; run bench audit {folder.run.key}")
    record, arrays = found
    row, verdict = judged(evidence_of(record, arrays), record.weights, record.data, folder, control)
    again = record.model_copy(update={"control": row, "verdict": verdict_record(verdict)})
    if control is None and again != record:
        folder.audits.write(battery.name, again, arrays)
    return again


def judged(
    evidence: Evidence, weights: str, data: str, folder: Folder, control: Folder | None = None
) -> tuple[ControlRow | None, Verdict]:
    """Return the verdict of an audit of the run in ``folder`` against ``control``, or else its own control, and that control.

    Args:
        weights: the sha256 of the weights of the audited network.
        data: the fingerprint of its images.

    Returns:
        None in place of the control where there is none that the network can be compared with.

    Raises:
        BadInput: it cannot be compared with ``control``.
    """
    why = UNAUDITED
    try:
        other = control or Folder(folder.results, control_of(folder.run))
        found = _control_audit(other, folder.run, evidence, weights, data)
    except BadInput as error:
        if control is not None:
            raise
        found, why = None, str(error)
    row, theirs = found or (None, None)
    undefended = control is None and is_control(folder, evidence.battery)
    return row, judge(evidence, theirs, undefended=undefended, uncompared=why)


def _control_audit(
    control: Folder, run: Run, evidence: Evidence, weights: str, data: str
) -> tuple[ControlRow, Evidence] | None:
    """Return the network in ``control`` and the evidence of its audit; None where it has none at the version of today.

    Raises:
        BadInput: ``evidence``, of ``run``, is of the same network, or on other images or at other radii.
    """
    battery = BATTERIES[BATTERIES[evidence.battery].of_control]
    found = control.audits.get(battery.name)
    if found is None or found[0].version != battery.version:
        return None
    record, arrays = found
    if (record.battery, record.weights) == (evidence.battery, weights):
        raise BadInput(f"{control.run.key} is the same network: expected another one")
    check_same_images([(run.key, data), (control.run.key, record.data)])
    if tuple(record.eps) != evidence.eps:
        theirs, ours = (", ".join(f"{each:g}" for each in eps) for eps in (record.eps, evidence.eps))
        raise BadInput(f"{control.run.key} was audited at eps {theirs}: expected {ours}, as here")
    row = ControlRow(run=control.run.name, seed=control.run.seed, weights=record.weights)
    return row, evidence_of(record, arrays)


def unrecorded_audits(folder: Folder, batteries: Sequence[Battery], recorded: Mapping[str, AuditRecord]) -> list[str]:
    """Return the names of those ``batteries`` by which no audit of ``recorded`` is one of today of the network in ``folder``.

    Args:
        recorded: its audits by the name of their battery.

    Raises:
        IntegrityError: the record of its training is damaged.
    """
    wanted = {each.name: AuditEvaluation(each) for each in batteries}
    return [name for name, each in wanted.items() if name not in recorded or not each.made(recorded[name], folder)]
