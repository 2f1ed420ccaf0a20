"""Train a run, then do each evaluation. Anything that has a record is skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from bench.attacks.spec import AttackSpec
from bench.audit.battery import Battery
from bench.audit.evaluation import AuditEvaluation, audited
from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.errors import BadInput, BenchError
from bench.evaluation.attack import attack_evaluations
from bench.evaluation.base import Evaluation
from bench.evaluation.masking import Masking, masking
from bench.looking.evaluation import Look
from bench.records.collection import read_network
from bench.records.images import check_same_images, images_of_run
from bench.records.networks import TrainedNetwork
from bench.records.schema import AttackRecord, AuditRecord, TrainingRecord
from bench.records.store import Folder
from bench.runs.evaluations import Wanted, evaluations_of
from bench.spec.architectures import source_of
from bench.spec.pruning_schedule import Schedule
from bench.spec.run import Run
from bench.training.progress import Progress


@dataclass(frozen=True)
class Where:
    """The folders of the images and of the records."""

    results: Path
    data_dir: Path | None = None
    skip_broken: bool = False


@dataclass(frozen=True)
class Result:
    """The records of a run: its training, and each attack and audit asked for, by name.

    ``worked`` is False where all had been recorded.
    """

    folder: Folder
    training: TrainingRecord
    attacks: dict[str, AttackRecord]
    worked: bool
    audits: Mapping[str, AuditRecord] = field(default_factory=dict)

    @property
    def masking(self) -> list[Masking]:
        """The test of masking of each of ``attacks`` where it tests something, by all records of the run."""
        asked = {each.attack for each in self.attacks.values()}
        return [each for each in masking(self.network) if each.attack in asked] if asked else []

    @cached_property
    def network(self) -> TrainedNetwork:
        """The trained network with all its records. The training must not have diverged."""
        network, broken = read_network(self.folder)
        if network is None:
            raise broken[0] if broken else BenchError(f"{self.folder.path} has no network any more: run it again")
        return network


def execute(
    run: Run,
    specs: Sequence[AttackSpec],
    where: Where,
    progress: Progress,
    restart: bool = False,
    share_with: Sequence[Schedule] = (),
    audits: Sequence[Battery] = (),
    looks: Sequence[Look] = (),
) -> Result:
    """Train ``run`` and do every evaluation, as far as they have no record yet, and return the records.

    Args:
        restart: remove the run's files and start over; they are removed once nothing can refuse the new run.
        share_with: schedules of pruned runs, for a run without pruning: it keeps its state before the first pruning of each.
        audits: the batteries to audit the network by.
        looks: the looks at where the network looks.

    Raises:
        Locked: another process has the run.
        IntegrityError: a record is damaged, or the images are not those of the record.
        BadInput: a pruned run is to share its start, the images or the schedule do not fit the run, the file of its
            architecture cannot be read, or an attack needs the network of a run that is not there.
    """
    if share_with and run.sparsity:
        raise BadInput(
            f"--share-with is given with --sparsity {run.sparsity:g}: expected a run without pruning, whose start pruned runs "
            "can share; leave one of them out"
        )
    source_of(run.arch)  # refuse before a folder is made
    folder = Folder(where.results, run)
    wanted = Wanted(tuple(specs), tuple(audits), tuple(looks))
    sources = _sources(folder, specs, audits, restart)
    if restart or folder.training() is None:
        folder.sources()  # refuse before a folder is made, too
    with folder.lock():
        training = None if restart else folder.training()
        if training:
            folder.check_source(training)
        evaluations = evaluations_of(wanted)
        missing = _missing(folder, training, evaluations)
        if training and not missing and DATASETS[run.dataset].named and not where.data_dir:
            return _result(folder, training, wanted, worked=False)
        if training and missing:
            folder.trained()  # refuse before an image is read
        for evaluation in missing:
            if evaluation.library and find_spec(evaluation.library) is None:
                raise BadInput(
                    f"{evaluation} needs the module {evaluation.library}, which is not installed: {evaluation.remedy}"
                )
        data = images_of_run(
            run,
            training,
            where.data_dir,
            progress.say,
            progress.counter("images"),
            skip_broken=where.skip_broken,
        )
        _check_sources(folder, sources, data)
        if training and not missing:
            return _result(folder, training, wanted, worked=False)
        steps = run.steps(len(data.train))
        if run.goes_on_from_control:
            run.schedule.resolve(steps)  # refuse before the seconds that TensorFlow takes to start
        share_after = _steps_to_share(share_with, steps, progress)
        if restart:
            folder.clear()
        folder.declare()
        if training and share_after:
            progress.say("no state is kept for --share-with: the run is trained already")
        training = _work(folder, training, missing, data, progress, share_after)
        return _result(folder, training, wanted, worked=True)


def _missing(folder: Folder, training: TrainingRecord | None, evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    if training is None:
        return list(evaluations)
    return [] if training.diverged else [each for each in evaluations if not each.is_recorded(folder)]


def _sources(folder: Folder, specs: Sequence[AttackSpec], audits: Sequence[Battery], restart: bool) -> list[Folder]:
    """Return the folders of the runs whose networks are needed for those of ``specs`` that have no record yet.

    An audit takes the control where it is there, and goes without it where it is not. One that another file made is refused.
    """
    asked = [each.spec for each in attack_evaluations(specs) if restart or not each.is_recorded(folder)]
    if any(restart or not AuditEvaluation(each).is_recorded(folder) for each in audits):
        with suppress(BadInput):
            folder.other("", "an audit")
    return [folder.other(name, str(spec.attack)) for spec in asked for name in spec.attack.sources]


def _check_sources(folder: Folder, sources: Sequence[Folder], data: Dataset) -> None:
    trained = [(each.run.key, each.training()) for each in sources if each.path != folder.path]
    images = [(name, record.data.fingerprint) for name, record in trained if record]
    check_same_images([(folder.run.key, data.fingerprint), *images])


def _steps_to_share(share_with: Sequence[Schedule], steps: int, progress: Progress) -> set[int]:
    """Return the numbers of steps after which the state is kept. A schedule that does not fit is passed over."""
    found = set()
    for schedule in share_with:
        try:
            found.add(schedule.resolve(steps).begin - 1)
        except BadInput as error:
            progress.say(f"no state is kept for {schedule}: {error}")
    return found


def _work(
    folder: Folder,
    training: TrainingRecord | None,
    evaluations: Sequence[Evaluation],
    data: Dataset,
    progress: Progress,
    share_after: set[int],
) -> TrainingRecord:
    from bench.training import runtime

    runtime.prepare()
    from bench.runs import stages

    with runtime.memory_hint(folder.run.batch_size):
        training = training or stages.train(folder, data, progress, share_after)
        if evaluations and not training.diverged:
            stages.evaluate(folder, training, evaluations, data, progress)
    return training


def _result(folder: Folder, training: TrainingRecord, wanted: Wanted, worked: bool) -> Result:
    attacks = {spec.name: made[0] for spec in wanted.attacks if (made := folder.attacks.get(spec.name))}
    # Judged again: the control may have been audited since.
    audits = {} if training.diverged else {each.name: audited(folder, each) for each in wanted.audits}
    return Result(folder, training, attacks, worked, audits)
