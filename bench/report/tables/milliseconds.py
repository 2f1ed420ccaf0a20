"""Milliseconds an image, for the table of networks: the timings of one machine, one runtime and one number of threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bench.records.collection import Collection
from bench.records.networks import TrainedNetwork
from bench.records.schema import TENSORFLOW, LatencyRow
from bench.report.tables.cells import over_seeds
from bench.report.tables.table import Cell, unmeasured
from bench.spec.run import Run
from bench.spec.words import how_many

BATCH = 1


@dataclass(frozen=True)
class Condition:
    """Where times were taken. Only times of one condition can be compared."""

    machine: str
    runtime: str
    threads: int

    def __str__(self) -> str:
        runtime = "in TensorFlow" if self.runtime == TENSORFLOW else f"as a file of the format {self.runtime}"
        return f"{runtime}, {how_many(self.threads, 'thread')}, on {self.machine}"


@dataclass(frozen=True)
class Milliseconds:
    """The times of networks under one condition.

    Args:
        found: for each run by name, the median of each timed seed.
        elsewhere: the number of networks that were timed under other conditions alone.
    """

    condition: Condition
    found: Mapping[str, tuple[float, ...]]
    elsewhere: int

    @property
    def note(self) -> str:
        """What the times are."""
        others = "" if not self.elsewhere else f" Timed otherwise and left out: {self.elsewhere}."
        return f"Milliseconds: one image a call, {self.condition}; medians from bench latency RUN.{others}"

    def of(self, run: Run) -> Cell:
        """Return the time of ``run``, a mean over its seeds; a dash with the command that takes it where there is none."""
        times = self.found.get(run.name)
        return over_seeds(times, lambda time: f"{time:.2f}") if times else unmeasured(f"bench latency {run.name}")


def milliseconds(records: Collection) -> Milliseconds | None:
    """Return the times under the condition that most networks were timed under; None where none was timed.

    At a tie, a deployed file is preferred to TensorFlow.
    """
    timed = {
        name: found
        for name, seeds in records.networks.items()
        if (found := [pair for network in seeds.values() for pair in _single(network)])
    }
    if not timed:
        return None
    counted = Counter(condition for found in timed.values() for condition in {each for each, _ in found})
    best = max(counted, key=lambda each: (counted[each], each.runtime != TENSORFLOW, str(each)))
    of_best = {
        name: tuple(row.milliseconds for condition, row in found if condition == best) for name, found in timed.items()
    }
    return Milliseconds(best, of_best, sum(not times for times in of_best.values()))


def _single(network: TrainedNetwork) -> list[tuple[Condition, LatencyRow]]:
    """Return the times of ``network`` for one image a call, each with its condition."""
    if not network.latency:
        return []
    machine, rows = network.latency.machine, network.latency.rows
    return [(Condition(machine, row.runtime, row.threads), row) for row in rows if row.batch == BATCH]
