"""Calibration: audits trained networks and the fakes made of them, and keeps the evidence. Importing it starts TensorFlow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.attacks.pgd import Pgd
from bench.attacks.transfer import Transfer
from bench.audit.battery import SCREEN, Stage
from bench.audit.collect import attacked, audited_images, collect
from bench.audit.evidence import Access, Evidence
from bench.audit.fakes import DOSES, FAKES, Fake
from bench.audit.rates import PROBABILITIES, REPLAY, SECURITY_CURVE
from bench.audit.record import fields_of
from bench.audit.verdict import judge
from bench.datasets.base import Dataset, Split
from bench.evaluation.classifier import Classifier
from bench.evaluation.restored import restored
from bench.records.cases import case_path, write_case
from bench.records.provenance import environment
from bench.records.schema import CaseRecord
from bench.records.store import Folder
from bench.records.typed_files import read_record
from bench.spec.architectures import architecture
from bench.spec.control import control_of
from bench.spec.run import Run
from bench.spec.words import how_many
from bench.training.clock import Clock
from bench.training.progress import Progress

Floats = NDArray[np.float32]
WHOLE = 255.0  # the whole range of pixel levels
SLACK = 1e-5  # AutoAttack's
ITSELF = Fake("", lambda model: model)


def calibrate(folder: Folder, control: Folder, data: Dataset, calibration: Path, progress: Progress) -> None:
    """Audit the network in ``folder``, and every fake of it where it is an undefended dense network at T = 1.

    The doses, logits at several scales, are made of seed 0 alone.

    A case that is recorded is skipped. Where it is of other weights, ``progress`` says so.

    Args:
        control: a dense network of another seed: transfer starts from it.
        calibration: where the cases go.
    """
    run, training = folder.run, folder.trained()
    places = {each: case_path(calibration, run, each.name) for each in (ITSELF, *fakes_of(run))}
    wanted = [each for each, place in places.items() if not place.exists()]
    kept = [read_record(place, CaseRecord) for place in places.values() if place.exists()]
    if old := sum(each.weights != training.weights for each in kept):
        progress.say(
            f"{run.key} has other weights than {how_many(old, 'kept case')}: to make new ones, remove {places[ITSELF].parent}"
        )
    if not wanted:
        return
    from_control, plain = restored(control, control.trained()), restored(folder, training)
    indices = audited_images(SCREEN, len(data.val))
    images, eps = data.val.part(indices), architecture(run.arch).audit_eps
    for fake in wanted:
        clock = Clock()
        progress.say(f"calibrating: {run.key} {fake.name}")
        network = Classifier(fake.wrap(plain.model), run.temperature, lambda _: from_control)
        evidence = collect(
            SCREEN, network, images, indices, eps, len(data.classes), run.derived_seed("audit"), lambda *_: None
        )
        probes = {
            **evidence.probes,
            **_replayed(fake, evidence, plain, images, eps),
            **_security_curve(network, images),
            **_probabilities(network, images),
        }
        record = CaseRecord(
            **fields_of(evidence, judge(evidence)),
            run=str(run),
            fake=fake.name,
            same_class=fake.same_class,
            control=None,
            weights=training.weights,
            data=data.fingerprint,
            environment=environment(),
            volatile=clock.read(),
        )
        write_case(calibration, record, replace(evidence, probes=probes).arrays())


def fakes_of(run: Run) -> tuple[Fake, ...]:
    """Return the fakes that are made of the network of ``run``, each once."""
    if control_of(run) != run:
        return ()
    return tuple(dict.fromkeys([*FAKES, *(DOSES if run.seed == 0 else ())]))


def _replayed(
    fake: Fake, evidence: Evidence, plain: Classifier, images: Split, eps: tuple[float, ...]
) -> dict[str, Floats]:
    """Return for each radius where the fake is correct on the images that fool the plain network: 1, 0, or NaN (not tried).

    Only for fakes that change the image: what fools the plain network need not fool them.
    """
    if fake.same_class or not fake.name:
        return {}
    network = Classifier(fake.wrap(plain.model), others=lambda _: plain)
    stage = Stage("replay", Transfer(), Access.TRANSFER)
    wanted = np.broadcast_to(evidence.clean, (len(eps), len(evidence.labels)))
    found = attacked(stage, network, images, wanted, eps, 0).outcome.astype(np.float32)
    found[found < 0] = np.nan
    return {f"{REPLAY}{radius:g}": values for radius, values in zip(eps, found, strict=True)}


def _security_curve(network: Classifier, images: Split) -> dict[str, Floats]:
    """Return where the network is correct after 20 PGD steps on the cross-entropy within the whole range, 64 images."""
    few = images.part(np.arange(min(SCREEN.probed, len(images))))
    clean = few.images.astype(np.float32)
    (moved,) = Pgd(steps=20, knowledge="none")(network, clean, few.labels, (WHOLE,), 0)
    values = np.full(len(images), np.nan, np.float32)
    values[: len(few)] = network.logits(moved).argmax(axis=1) == few.labels
    return {SECURITY_CURVE: values}


def _probabilities(network: Classifier, images: Split) -> dict[str, Floats]:
    """Return 1 where the output is a probability distribution, as AutoAttack tests it, else 0."""
    outputs = network.logits(images.images.astype(np.float32))
    inside = (outputs.max(axis=1) < 1 + SLACK) & (outputs.min(axis=1) > -SLACK)
    whole = np.abs(outputs.sum(axis=1) - 1) < SLACK
    return {PROBABILITIES: (inside & whole).astype(np.float32)}
