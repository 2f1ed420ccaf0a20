"""From evidence and verdict to the record of an audit, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.attacks.norms import LINF
from bench.audit.battery import BATTERIES
from bench.audit.checks import CHECKS
from bench.audit.evidence import PROBE, Access, Evidence, StageOutcome
from bench.audit.verdict import Verdict
from bench.records.files import Arrays
from bench.records.schema import AuditRecord, CheckRow, StageRow, ThreatRecord, VerdictRecord


def stage_rows(evidence: Evidence) -> list[StageRow]:
    """Return the stages of ``evidence`` as rows of a record."""
    return [
        StageRow(
            stage=each.stage,
            attack=each.attack,
            version=each.version,
            access=str(each.access),
            gradients=each.gradients,
            queries=each.queries,
            tried=each.tried.sum(axis=1).tolist(),
            fooled=each.fooled.sum(axis=1).tolist(),
        )
        for each in evidence.stages
    ]


def fields_of(evidence: Evidence, verdict: Verdict) -> dict[str, Any]:
    """Return what ``evidence`` and its ``verdict`` decide in the record of an audit."""
    return {
        "version": BATTERIES[evidence.battery].version,
        "battery": evidence.battery,
        "threat": ThreatRecord(
            norm=LINF.name,
            trained_temperature=evidence.temperature,
            label="worst case of the audit",
            knowledge="the strongest of all stages, white box and black box, true labels",
            temperature=None,
        ),
        "eps": list(evidence.eps),
        "images": len(evidence.labels),
        "classes": evidence.classes,
        "stages": stage_rows(evidence),
        "not_finite": evidence.not_finite,
        "verdict": verdict_record(verdict),
    }


def verdict_record(verdict: Verdict) -> VerdictRecord:
    """Return ``verdict`` as a part of a record."""
    return VerdictRecord(
        kind=verdict.kind.value,
        reasons=list(verdict.reasons),
        provisional=verdict.provisional,
        misled=verdict.misled,
        clean=verdict.clean,
        rows=list(verdict.rows),
        checks=[
            CheckRow(
                check=name,
                result=found.result.value,
                value=found.value,
                threshold=CHECKS[name].threshold,
                source=CHECKS[name].source,
                sentence=found.sentence,
            )
            for name, found in verdict.found.items()
        ],
    )


def evidence_of(record: AuditRecord, arrays: Arrays) -> Evidence:
    """Return the evidence that a record and its arrays hold.

    Raises:
        KeyError, ValueError: the arrays do not fit the record.
    """
    outcomes = arrays["outcomes"]
    wanted = (len(record.stages), len(record.eps), len(arrays["labels"]))
    if outcomes.shape != wanted:
        raise ValueError(f"outcomes of shape {outcomes.shape}: expected {wanted}")
    stages = tuple(
        StageOutcome(row.stage, row.attack, row.version, Access(row.access), outcome, row.gradients, row.queries)
        for row, outcome in zip(record.stages, outcomes, strict=True)
    )
    integers = (arrays[name].astype(np.int64) for name in ("indices", "labels", "predictions"))
    indices, labels, predictions = integers
    return Evidence(
        battery=record.battery,
        eps=tuple(record.eps),
        temperature=record.threat.trained_temperature,
        classes=record.classes,
        indices=indices,
        labels=labels,
        predictions=predictions,
        stages=stages,
        probes={name.removeprefix(PROBE): each for name, each in arrays.items() if name.startswith(PROBE)},
        not_finite=record.not_finite,
    )
