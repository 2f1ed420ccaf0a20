"""From the runs of a grid to jobs: what to start, in which order, and which runs share the start of their training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.audit.battery import Battery
from bench.audit.evaluation import unrecorded_audits
from bench.errors import BenchError
from bench.records.status import FINAL, RunStatus, status_of
from bench.records.store import Folder
from bench.runs.command import attack_options, run_options
from bench.runs.grid import GridRun
from bench.spec.control import control_of
from bench.spec.key import key_of
from bench.spec.pruning_schedule import Fractions
from bench.spec.run import Run


@dataclass(frozen=True)
class Job:
    """One run of a sweep: its folder, and the words of the command that makes it.

    ``after`` is the key of the control whose shared prefix the run starts from, None where it trains from its own start.
    ``prefixes`` is how many shared prefixes the run, as a control, leaves for pruned runs. ``sources`` are the keys of the
    runs before it whose networks its attacks need. ``audits`` are the batteries that its network is audited by.
    """

    cell: GridRun
    folder: Folder
    words: tuple[str, ...]
    after: str | None
    prefixes: int = 0
    sources: frozenset[str] = frozenset()
    audits: tuple[Battery, ...] = ()

    @property
    def key(self) -> str:
        """The run's name and seed."""
        return self.cell.run.key

    @property
    def shared_fraction(self) -> float:
        """The fraction of the training that the run takes from its control; 0 where it shares none or it is not known."""
        schedule = self.cell.run.schedule
        return schedule.begin if self.after and isinstance(schedule, Fractions) else 0.0

    def is_ready(self, left: Mapping[str, Job]) -> bool:
        """Tell whether the run can start.

        Its control has left its prefixes, or is not among the jobs that are ``left``; of its sources none is.
        """
        if not self.sources.isdisjoint(left):
            return False
        control = left.get(self.after or "")
        return control is None or control.folder.shared_prefixes() >= control.prefixes

    def status(self) -> RunStatus:
        """Return the state of the run as its folder has it."""
        return status_of(self.folder, self.cell.specs, partial(unrecorded_audits, self.folder, self.audits))

    def audits_left(self) -> list[str]:
        """Return the names of the batteries still to audit the network by; IntegrityError where an audit is damaged."""
        return unrecorded_audits(self.folder, self.audits, self.folder.audits.all())


def jobs_of(
    cells: Sequence[GridRun],
    results: Path,
    data_dir: Path | None,
    sharing: bool = True,
    audits: tuple[Battery, ...] = (),
    skip_broken: bool = False,
) -> list[Job]:
    """Return the job of each cell, in order, but a control before its pruned runs and a source before the runs it attacks.

    Each network is audited by the batteries ``audits``. With ``sharing``, a control that is still to be trained leaves a
    shared prefix for each schedule of its pruned runs.
    """
    by_run = {cell.run: cell for cell in cells}
    controls = [run for run in by_run if not run.sparsity]
    open_controls = {run for run in controls if _is_to_be_trained(Folder(results, run))}
    sources = {cell.run: _sources(cell, audits) for cell in cells}
    jobs: list[Job] = []
    for run in _in_order(by_run, sources):
        cell = by_run[run]
        # A run waits only for runs before it, so that no two wait for each other. Of two that are each other's sources, the
        # first is refused its attack until the second is trained.
        earlier = {job.key for job in jobs}
        shared = sharing and run.goes_on_from_control and run.unpruned in open_controls and run.unpruned.key in earlier
        pruned = [each.run for each in cells if sharing and each.run.goes_on_from_control and each.run.unpruned == run]
        schedules = dict.fromkeys(str(each.schedule) for each in pruned if run in open_controls)
        words = ["run", *run_options(run), *attack_options(run, cell.specs), "--results-dir", str(results.absolute())]
        if data_dir:
            words += ["--data-dir", str(data_dir.absolute())]
        if skip_broken:
            words += ["--skip-broken"]
        if audits:
            words += ["--audit"]
        for schedule in schedules:
            words += ["--share-with", schedule]
        after = run.unpruned.key if shared else None
        found = Job(cell, Folder(results, run), tuple(words), after, len(schedules), sources[run] & earlier, audits)
        jobs.append(found)
    return jobs


def stages_of(jobs: Sequence[Job]) -> list[list[Job]]:
    """Return ``jobs`` in stages: what a job waits for is in the stages before its own, or not among ``jobs``.

    Args:
        jobs: in an order in which each comes after those that it waits for, as ``jobs_of`` returns them.
    """
    stage: dict[str, int] = {}
    for job in jobs:
        before = [stage[key] for key in (job.after or "", *job.sources) if key in stage]
        stage[job.key] = max(before, default=-1) + 1
    return [[job for job in jobs if stage[job.key] == number] for number in range(max(stage.values(), default=-1) + 1)]


def _is_to_be_trained(folder: Folder) -> bool:
    """Tell whether the run has no record of its training. One whose record is damaged is not trained again."""
    with suppress(BenchError):
        return folder.training() is None
    return False


def _sources(cell: GridRun, audits: Sequence[Battery]) -> frozenset[str]:
    """Return the keys of the runs whose networks the training of ``cell``, its attacks and its ``audits`` need."""
    names = {name for spec in cell.specs for name in spec.attack.sources} | ({""} if audits else set())
    names |= {each.name for each in cell.run.named_runs()}
    seed = cell.run.seed
    return frozenset(key_of(name or control_of(cell.run).name, seed) for name in names) - {cell.run.key}


def _in_order(runs: Iterable[Run], sources: Mapping[Run, frozenset[str]]) -> list[Run]:
    """Return ``runs`` in their order, but each after its control and its sources."""
    by_key = {run.key: run for run in runs}
    ordered: dict[str, Run] = {}
    seen: set[str] = set()

    def add(key: str) -> None:
        if key in seen or key not in by_key:
            return
        seen.add(key)
        run = by_key[key]
        for before in (run.unpruned.key, *sorted(sources[run])):
            add(before)
        ordered[key] = run

    for key in by_key:
        add(key)
    return list(ordered.values())


def remove_unused_prefixes(jobs: Sequence[Job], states: Mapping[str, RunStatus]) -> None:
    """Remove the shared prefixes of each control whose pruned runs in the sweep have all ended."""
    waiting = {job.cell.run.unpruned for job in jobs if states[job.key].state not in FINAL}
    for job in jobs:
        if not job.cell.run.sparsity and job.cell.run not in waiting:
            job.folder.remove_shared_prefixes()
