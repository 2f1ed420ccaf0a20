"""The evaluation that attacks a network and records the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.attacks import BUILT_IN
from bench.attacks.spec import AttackSpec
from bench.errors import IntegrityError
from bench.evaluation.base import Subject
from bench.evaluation.gallery import gallery
from bench.evaluation.referee import judge
from bench.records.provenance import with_module
from bench.records.schema import AttackRecord, RadiusRow
from bench.records.store import Folder
from bench.records.threats import threat_record
from bench.training.clock import Clock


@dataclass(frozen=True)
class AttackEvaluation:
    """The attack ``spec``, with a record of its outcome for each image and a gallery of a few attacked images."""

    spec: AttackSpec

    def __str__(self) -> str:
        return str(self.spec)

    @property
    def library(self) -> str:
        """The module that the attack needs."""
        return self.spec.attack.library

    @property
    def remedy(self) -> str:
        """The extra that has the module, for an attack of this suite; any other attack's package has to say it."""
        attack = self.spec.attack
        if BUILT_IN.get(attack.kind) is type(attack):
            return f"pip install 'bench-robustness[{attack.library}]'"
        return f"install what the package of {type(attack).__module__} asks for"

    def is_recorded(self, folder: Folder) -> bool:
        """Tell whether ``folder`` has the record of this attack on the network that is there, from the sources that are there."""
        found = folder.attacks.get(self.spec.name)
        return found is not None and all(folder.has_origin(each) for each in found[0].sources)

    def evaluate(self, subject: Subject) -> None:
        """Attack ``subject`` and record the outcome.

        Raises:
            BoundViolation: the attack left its ball or the box.
            IntegrityError: the accuracy at eps 0 is not the one that the training recorded.
        """
        spec, folder, network, training = self.spec, subject.folder, subject.network, subject.training
        clock = Clock()
        subject.progress.say(f"attacking: {spec}")
        indices = spec.subset(folder.run, len(subject.data.val))
        chosen = subject.data.val.part(indices)
        seed = folder.run.derived_seed(f"attack {spec.attack}")
        network.forget()
        outcomes = judge(spec, network, chosen, indices, seed, subject.progress.counter(str(spec)))
        rows = [RadiusRow(**row) for row in outcomes.rows()]
        clean = training.measured.accuracy
        if spec.fraction == 1 and rows[0].accuracy != clean:
            raise IntegrityError(
                f"{spec} at eps 0 has accuracy {rows[0].accuracy}: expected {clean}, as recorded after the training; "
                "the machine or the libraries are not those of the training: start over with --restart"
            )
        temperature = folder.run.temperature
        record = AttackRecord(
            version=spec.attack.version,
            attack=str(spec.attack),
            threat=threat_record(spec.attack.norm, spec.attack.threat(temperature), temperature),
            images=len(chosen),
            fraction=spec.fraction,
            gradient_zero_images=network.zero_images,
            gradient_zero_pixels=network.zero_pixels,
            gradient_not_finite=network.broken,
            sources=[folder.other(name, str(spec)).origin() for name in spec.attack.sources],
            rows=rows,
            weights=training.weights,
            data=subject.data.fingerprint,
            environment=with_module(subject.environment, spec.attack.library),
            volatile=clock.read(),
        )
        folder.attacks.write_gallery(spec.name, gallery(spec, network, chosen, seed))
        folder.attacks.write(spec.name, record, outcomes.arrays())


def attack_evaluations(attacks: Sequence[AttackSpec]) -> list[AttackEvaluation]:
    """Return an evaluation for each of ``attacks``, in their order."""
    return [AttackEvaluation(spec) for spec in attacks]
