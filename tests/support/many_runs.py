"""Pass 300 runs through one sweep and see what the driver keeps: memory, processes, handles.

The runs are refused ones, of half a second: the driver does for them what it does for any. Too slow for the test suite;
run it by hand:  python tests/support/many_runs.py
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import psutil
from tiny import tiny_run

from bench.attacks.spec import attack_specs
from bench.runs.grid import GridRun
from bench.runs.sweep.clusters import Place, shape
from bench.runs.sweep.engine import Ended, work
from bench.runs.sweep.jobs import Job, jobs_of

GROWTH = 50 * 2**20


@click.command()
@click.option("--runs", default=300, show_default=True)
def main(runs: int) -> None:
    """Print what grew; exit 1 where memory grew by 50 MB or a process stayed."""
    driver, place = psutil.Process(), Place()
    before = {process.pid for process in driver.children(recursive=True)}
    seen: list[tuple[int, int]] = []

    def ended(_one: Ended) -> None:
        seen.append((driver.memory_info().rss, driver.num_fds()))

    with tempfile.TemporaryDirectory() as results:
        cells = [
            GridRun(run, tuple(attack_specs(run, [], (0.0, 1.0), 1.0)), ("a",)) for run in map(seeded, range(runs))
        ]
        jobs: Sequence[Job] = [
            replace(job, words=(*job.words, "--sparsity", "90")) for job in jobs_of(cells, Path(results), None)
        ]
        outcomes = work(jobs, place, shape(place), ended, lambda _: None)
    tenth = runs // 10
    grown, handles = (seen[-1][0] - seen[tenth][0], seen[-1][1] - seen[tenth][1])
    # The standard library's own tracker of semaphores ends with the driver.
    new = [process for process in driver.children(recursive=True) if process.pid not in before]
    left = [process.cmdline() for process in new if "resource_tracker" not in " ".join(process.cmdline())]
    click.echo(
        f"{len(outcomes)} runs ended; from the {tenth}th to the last the driver grew by {grown / 2**20:.1f} MiB and "
        f"{handles} handles; processes left: {left or 'none'}"
    )
    sys.exit(1 if grown > GROWTH or left or len(outcomes) != runs else 0)


def seeded(seed: int):  # type: ignore[no-untyped-def]
    return tiny_run(seed=seed)


if __name__ == "__main__":
    main()
