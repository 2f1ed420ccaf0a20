"""The text of a sweep before it starts and after it ended."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from bench.errors import BenchError
from bench.records.status import FINAL, RunStatus, State
from bench.runs.grid import Excluded
from bench.runs.sweep.clusters import Shape
from bench.runs.sweep.engine import Ended
from bench.runs.sweep.jobs import Job

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
    lines += ["", f"{len(jobs)} runs: {len(jobs) - len(left)} ended, {len(left)} to go; {shape}"]
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
    wanted = [
        (_kind(job), what)
        for job in left
        for what in (TRAINING, *(spec.name for spec in job.cell.specs))
        if what not in took[job.key]
    ]
    if any(each not in times for each in wanted):
        return "time expected: not known; no run of the same architecture, size, length and attacks has ended here"
    total = sum(mean(times[each]) for each in wanted) / max(1, shape.workers)
    return f"time expected: about {total / 60:.0f} min, from the runs that ended here"


def _kind(job: Job) -> tuple[str, str, int, int, int]:
    run = job.cell.run
    return run.arch, run.dataset, run.image_size, run.epochs, run.batch_size


def _seconds(job: Job) -> dict[str, float]:
    """Return the seconds that each recorded part of the run took, its training and each attack by name."""
    try:
        training = job.folder.training()
        records = {TRAINING: training, **job.folder.attacks()} if training else {}
        return {what: each.volatile.seconds for what, each in records.items() if each.volatile.seconds is not None}
    except BenchError:
        return {}


def after(jobs: Sequence[Job], states: States) -> str:
    """Return how the sweep ended: the count of each state, and each run that is not done, with its log."""
    counts = Counter(str(found.state) for found in states.values())
    lines = [f"{len(states)} runs: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))]
    lines += [states[job.key].line(job.cell.run) for job in jobs if states[job.key].state != State.DONE]
    return "\n".join(lines)


def as_json(jobs: Sequence[Job], states: States, excluded: Sequence[Excluded], ended: Sequence[Ended]) -> str:
    """Return the same as one JSON object."""
    attempts = {one.job.key: one for one in ended}
    runs: list[dict[str, Any]] = []
    for job in jobs:
        one = attempts.get(job.key)
        worked = {"attempts": one.attempts if one else 0, "seconds": round(one.seconds, 1) if one else None}
        runs.append({**states[job.key].row(job.cell.run), "figures": list(job.cell.figures), **worked})
    left_out = [{"run": each.run.name, "seed": each.run.seed, "reason": each.reason} for each in excluded]
    return json.dumps({"runs": runs, "excluded": left_out}, ensure_ascii=False)
