"""The audit of several trained networks as one. Importing it starts TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import tf_keras as keras

from bench.audit.battery import Battery
from bench.audit.collect import measured
from bench.audit.evaluation import is_control, judged
from bench.audit.record import fields_of
from bench.datasets.base import Dataset
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.evaluation.restored import restored
from bench.records.images import check_same_images, check_same_size
from bench.records.provenance import environment
from bench.records.schema import AuditRecord, TrainingRecord
from bench.records.store import Folder
from bench.spec.architectures import architecture
from bench.training.clock import Clock
from bench.training.progress import Progress


def ensemble(models: Sequence[Any]) -> Any:
    """Return one network whose logits are the mean of those of ``models``, all on the same pixels.

    g(x) = (g_1(x) + ... + g_m(x)) / m
    """
    pixels = keras.Input(models[0].input_shape[1:])
    # Two networks of one architecture have the same name, which a network of networks may not have.
    parts = [keras.Model(model.input, model.output, name=f"network{place}") for place, model in enumerate(models)]
    mean = keras.layers.Average(name="mean")([part(pixels) for part in parts])
    return keras.Model(pixels, keras.layers.Activation("linear", name="logits")(mean))


def audit_ensemble(members: Sequence[Folder], data: Dataset, battery: Battery, progress: Progress) -> AuditRecord:
    """Audit the networks in ``members`` as one that averages their logits; return the record, which is written nowhere.

    The radii, the seed and the control are those of the first one. If the first network is its own
    control, the ensemble is compared with it.

    Raises:
        BadInput: fewer than two networks, or networks on other images or of another T.
    """
    clock = Clock()
    records = [each.trained() for each in members]
    _check(members, records)
    first = members[0].run
    model = ensemble([restored(*each).model for each in zip(members, records, strict=True)])
    evidence = measured(
        battery.alone,
        Classifier(model, first.temperature),
        f"an ensemble of {len(members)}",
        data,
        architecture(first.arch).audit_eps,
        first.derived_seed("audit"),
        progress,
    )
    weights = hashlib.sha256("".join(each.weights for each in records).encode()).hexdigest()
    named = members[0] if is_control(members[0], battery.name) else None
    control, verdict = judged(evidence, weights, data.fingerprint, members[0], named)
    return AuditRecord(
        **fields_of(evidence, verdict),
        control=control,
        weights=weights,
        data=data.fingerprint,
        environment=environment(),
        volatile=clock.read(),
    )


def _check(members: Sequence[Folder], records: Sequence[TrainingRecord]) -> None:
    if len({each.run.key for each in members}) < 2:
        raise BadInput("an ensemble needs two different networks or more: name them all")
    heats = {each.run.temperature for each in members}
    if len(heats) > 1:
        raise BadInput(
            f"networks trained at T = {' and '.join(f'{each:g}' for each in sorted(heats))}: expected one T, because logits of "
            "different sizes do not average"
        )
    check_same_images((each.run.key, record.data.fingerprint) for each, record in zip(members, records, strict=True))
    check_same_size(each.run for each in members)
