"""The text of a sweep before it starts and after it ended."""

from __future__ import annotations

import json
import shlex
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from statistics import mean
from typing import Any

from bench.errors import BenchError
from bench.records.status import FINAL, RunStatus, State
from bench.runs.grid import Excluded
from bench.runs.sweep.clusters import Shape
from bench.runs.sweep.engine import Ended
from bench.runs.sweep.jobs import Job
from bench.spec.words import how_many

TRAINING = "training"
States = Mapping[str, RunStatus]  # by the key of the job


def dry_run(jobs: Sequence[Job], states: States, excluded: Sequence[Excluded], shape: Shape) -> str:
    """Return what would run, what is done, what is excluded and why, and the time to expect."""
    lines, left = [], []
    for job in jobs:
        status = states[job.key]
        left += [job] * (status.state not in FINAL)
        shared = f"  shares the first {job.shared_fraction:.0%} with its control" if job.shared_fraction else ""
        note = f"  {status.note}" if status.note and status.state not in FINAL else ""
        lines.append(f"{status.state:<11}  {job.key}  figures {', '.join(job.cell.figures)}{shared}{note}")
    lines += [f"excluded     {each.run.key}: {each.reason}" for each in excluded]
    lines += ["", f"{how_many(len(jobs), 'run')}: {len(jobs) - len(left)} ended, {len(left)} to go; {shape}"]
    saved = sum(job.shared_fraction for job in left)
    if saved:
        lines.append(f"shared prefixes save {saved:.1f} of {len(left)} trainings, {saved / len(left):.0%}")
    return "\n".join([*lines, _expected(jobs, left, shape)])


def _expected(jobs: Sequence[Job], left: Sequence[Job], shape: Shape) -> str:
    if not left:
        return "nothing to do"
    took = {job.key: _seconds(job) for job in jobs}
    times = defaultdict(list)
    for job in jobs:
        for what, seconds in took[job.key].items():
            times[_kind(job), what].append(seconds)
    wanted = [(_kind(job), what) for job in left for what in _parts_left(job, took[job.key])]
    if any(each not in times for each in wanted):
        return (
            "time expected: not known; no run of the same architecture, size and length has ended here with the same attacks "
            "and audits"
        )
    total = sum(mean(times[each]) for each in wanted) / max(1, shape.workers)
    return f"time expected: about {total / 60:.0f} min, from the runs that ended here"


def _parts_left(job: Job, took: Collection[str]) -> list[str]:
    """Return which parts of the run are still to be done, of which it ``took`` some already. An old audit is done again."""
    parts = [what for what in (TRAINING, *(spec.name for spec in job.cell.specs)) if what not in took]
    try:
        return parts + [_audit(battery) for battery in job.audits_left()]
    except BenchError:
        return parts + [_audit(battery.name) for battery in job.audits]


def _audit(battery: str) -> str:
    return f"audit {battery}"


def _kind(job: Job) -> tuple[str, str, int, int, int]:
    run = job.cell.run
    return run.arch, run.dataset, run.image_size, run.epochs, run.batch_size


def _seconds(job: Job) -> dict[str, float]:
    """Return the seconds that each recorded part of the run took: its training, each attack and each audit by name."""
    try:
        training = job.folder.training()
        if training is None:
            return {}
        wanted = [battery.name for battery in job.audits]
        audits = {_audit(name): each for name, each in job.folder.audits.all().items() if name in wanted}
        records = {TRAINING: training, **job.folder.attacks.all(), **audits}
        return {what: each.volatile.seconds for what, each in records.items() if each.volatile.seconds is not None}
    except BenchError:
        return {}


def emitted(path: str, counts: Sequence[int]) -> str:
    """Return how to start the commands in the file ``path``, stage by stage, on one machine and as job arrays of Slurm.

    Args:
        path: of the file, with one command a line.
        counts: of the commands of each stage.
    """
    ends = list(accumulate(counts))
    ranges = [(end - count + 1, end) for end, count in zip(ends, counts, strict=True)]
    file = shlex.quote(path)
    if not counts:
        return f"no commands in {path}: every run has ended"
    lines = [f"{how_many(sum(counts), 'command')} in {path}, in stages: each needs the networks of those before it"]
    lines.append("on this machine, two at a time; each line waits for the end of its stage:")
    lines += [f"  sed -n {first},{last}p {file} | xargs -P 2 -d '\\n' -I{{}} sh -c '{{}}'" for first, last in ranges]
    lines.append("in job arrays of Slurm; JOB is the number that the sbatch before it printed:")
    for number, (first, last) in enumerate(ranges):
        after = " --dependency=afterany:JOB" if number else ""
        lines.append(f"  sbatch --parsable --array={first}-{last}{after} --wrap={_one_line_of(file)}")
    return "\n".join(lines)


def _one_line_of(file: str) -> str:
    """Return, quoted for a shell, the command by which a job of an array runs its line of ``file``."""
    return shlex.quote(f'eval "$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" {file})"')


def after(jobs: Sequence[Job], states: States) -> str:
    """Return how the sweep ended: the count of each state, and each run that is not done, with its log."""
    counts = Counter(str(found.state) for found in states.values())
    lines = [
        f"{how_many(len(states), 'run')}: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    ]
    lines += [states[job.key].line(job.cell.run) for job in jobs if states[job.key].state != State.DONE]
    return "\n".join(lines)


def as_json(jobs: Sequence[Job], states: States, excluded: Sequence[Excluded], ended: Sequence[Ended]) -> str:
    """Return the same as one JSON object."""
    attempts = {one.job.key: one for one in ended}
    rows: list[dict[str, Any]] = []
    for job in jobs:
        one = attempts.get(job.key)
        worked = {"attempts": one.attempts if one else 0, "seconds": round(one.seconds, 1) if one else None}
        rows.append({**states[job.key].row(job.cell.run), "figures": list(job.cell.figures), **worked})
    left_out = [{"run": each.run.name, "seed": each.run.seed, "reason": each.reason} for each in excluded]
    return json.dumps({"runs": rows, "excluded": left_out}, ensure_ascii=False)
