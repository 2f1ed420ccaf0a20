"""The ways to prune, by the setting that names them."""

from __future__ import annotations

from collections.abc import Callable

from bench.methods.base import Method, Sources
from bench.methods.filter_pruning import FilterPruning
from bench.methods.global_pruning import GlobalPruning
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.random_pruning import RandomPruning
from bench.methods.rewinding import Rewinding
from bench.spec.pruning_schedule import Steps
from bench.spec.run import Run

AT_ONCE = Steps(1, 1, 1)
CRITERIA: dict[str, Callable[[Run, Steps], MagnitudePruning]] = {
    "magnitude": lambda run, schedule: MagnitudePruning(run.sparsity, schedule),
    "random": lambda run, schedule: RandomPruning(run.sparsity, schedule, run.derived_seed("pruning")),
    "global": lambda run, schedule: GlobalPruning(run.sparsity, schedule),
    "filter": lambda run, schedule: FilterPruning(run.sparsity, schedule),
}


def pruning(run: Run, steps: int, sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for; BadInput where its schedule does not fit ``steps``."""
    if not run.rewind_from:
        return CRITERIA[run.pruning](run, run.schedule.resolve(steps))
    criterion = CRITERIA[run.pruning](run, AT_ONCE)
    return Rewinding(criterion, sources.network(run.rewind_from) if sources else None)
