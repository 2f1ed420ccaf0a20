"""Audits of networks that no attack was run on."""

from __future__ import annotations

from typing import Any

from evidence import evidence
from fakes import ENVIRONMENT, volatile

from bench.audit.evidence import Evidence
from bench.audit.record import fields_of
from bench.audit.verdict import judge
from bench.records.schema import AuditRecord
from bench.records.store import Folder


def audited(folder: Folder, found: Evidence | None = None, theirs: Evidence | None = None, **changed: Any) -> Folder:
    """Record what ``found`` says of the trained network in ``folder``, beside ``theirs`` of its control.

    ``changed``: fields of the record that are not to be those of the evidence.
    """
    whole, training = found or evidence(), folder.trained()
    fields = {
        **fields_of(whole, judge(whole, theirs)),
        "control": None,
        "weights": training.weights,
        "data": training.data.fingerprint,
        "environment": ENVIRONMENT,
        "volatile": volatile(),
        **changed,
    }
    record = AuditRecord(**fields)
    folder.audits.write(record.battery, record, whole.arrays())
    return folder
