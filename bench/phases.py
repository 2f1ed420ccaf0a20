"""A run from its spec to its records: train, measure, attack, each once. What is recorded is not done again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.errors import BadInput, IntegrityError
from bench.masking import masking
from bench.progress import Progress
from bench.schedule import Schedule
from bench.spec import Run
from bench.store import Folder, Record
from bench.trial import Trial


@dataclass(frozen=True)
class Where:
    """Where a run finds its images and leaves its records."""

    results: Path
    data_dir: Path | None = None
    skip_broken: bool = False


@dataclass(frozen=True)
class Result:
    """The records of a run: of its training and of each attack asked for. ``worked`` tells whether anything was done."""

    folder: Folder
    training: Record
    attacks: dict[str, Record]
    worked: bool

    @property
    def diverged(self) -> bool:
        """Whether the training ended in a loss that is not a number."""
        return bool(self.training["status"] == "diverged")

    @property
    def masking(self) -> list[dict[str, Any]]:
        """What the attacks, compared, say of masked gradients: a finding for each that can be compared."""
        return masking(self.attacks.values())


def execute(
    run: Run,
    trials: Sequence[Trial],
    where: Where,
    progress: Progress,
    restart: bool = False,
    share_with: Sequence[Schedule] = (),
) -> Result:
    """Bring ``run`` to the state in which its training and every trial are recorded, doing only what is missing.

    Raises Locked where another process is at it, IntegrityError where a record or the data are not what they were,
    BadInput where data or schedule do not fit. ``restart`` removes what the run left as soon as nothing can refuse it any
    more. An unpruned run leaves its state for the runs that prune on the schedules ``share_with``, where they fit it.
    """
    folder = Folder(where.results, run)
    with folder.lock():
        if not restart:
            folder.declare()
        result = _brought(folder, trials, where, progress, restart, share_with)
        _derive(result)
        return result


def _brought(
    folder: Folder,
    trials: Sequence[Trial],
    where: Where,
    progress: Progress,
    restart: bool,
    share_with: Sequence[Schedule],
) -> Result:
    run, training = folder.run, None if restart else folder.training()
    whole = training is not None and _is_whole(folder, training, trials)
    if training and whole and DATASETS[run.dataset].named and not where.data_dir:
        return _result(folder, training, trials, worked=False)
    _need_libraries(trials)
    if training is None:
        folder.start()  # refuse early where there is nothing to start from
    data = _load(run, where, progress)
    if training and training["data"]["fingerprint"] != data.fingerprint:
        raise IntegrityError(
            f"{folder.path} was trained on other images ({training['data']['fingerprint'][:12]}, now "
            f"{data.fingerprint[:12]}): choose another --results-dir, or start over with --restart"
        )
    if training and whole:
        return _result(folder, training, trials, worked=False)
    steps = run.steps(len(data.train))
    if run.sparsity:
        run.schedule.resolve(steps)  # refuse before the seconds that TensorFlow takes to start
    leave = set() if run.sparsity else _steps_to_leave(share_with, steps, progress)
    if restart:
        folder.clear()
        folder.declare()
    return _work(folder, training, trials, data, progress, leave)


def _steps_to_leave(share_with: Sequence[Schedule], steps: int, progress: Progress) -> set[int]:
    """Return after which steps of ``steps`` the state is left; a schedule that does not fit is its own run's to refuse."""
    leave = set()
    for schedule in share_with:
        try:
            leave.add(schedule.resolve(steps).begin - 1)
        except BadInput as error:
            progress.say(f"no state is left for {schedule}: {error}")
    return leave


def _need_libraries(trials: Sequence[Trial]) -> None:
    for attack in [trial.attack for trial in trials]:
        if attack.library and find_spec(attack.library) is None:
            raise BadInput(f"{attack} needs the extra: pip install 'bench-robustness[{attack.library}]'")


def _is_whole(folder: Folder, training: Record, trials: Sequence[Trial]) -> bool:
    return training["status"] == "diverged" or all(folder.attack(trial) for trial in trials)


def _load(run: Run, where: Where, progress: Progress) -> Dataset:
    source = DATASETS[run.dataset]
    return source.load(run.image_size, where.data_dir, where.skip_broken, progress.say, progress.counter("images"))


def _work(
    folder: Folder,
    training: Record | None,
    trials: Sequence[Trial],
    data: Dataset,
    progress: Progress,
    leave: set[int],
) -> Result:
    from bench import runtime

    runtime.prepare()
    from bench import experiment

    worked = training is None
    with runtime.memory_hint(folder.run.batch_size):
        training = training or experiment.train(folder, data, progress, leave)
        missing = [] if training["status"] == "diverged" else [trial for trial in trials if not folder.attack(trial)]
        if missing:
            experiment.attack(folder, training, missing, data, progress)
    return _result(folder, training, trials, worked or bool(missing))


def _derive(result: Result) -> None:
    """Write what follows from the records, where they changed or a killed process left it out."""
    folder = result.folder
    if not result.attacks or not (result.worked or folder.lacks_derived(bool(result.masking))):
        return
    from bench.report.curve import draw

    folder.write_masking(masking(folder.attacks().values()))
    draw(folder.curve, folder.run, len(result.training["data"]["classes"]), [*result.attacks.values()], result.masking)


def _result(folder: Folder, training: Record, trials: Sequence[Trial], worked: bool) -> Result:
    found = {trial.name: record for trial in trials if (record := folder.attack(trial))}
    return Result(folder, training, found, worked)
