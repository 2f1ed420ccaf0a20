"""Which methods act on a run, in the order of their hooks."""

from __future__ import annotations

from bench.methods.adversarial_training import AdversarialTraining
from bench.methods.base import Method
from bench.methods.filter_pruning import FilterPruning
from bench.methods.low_rank import LowRank
from bench.methods.magnitude_pruning import MagnitudePruning
from bench.methods.random_pruning import RandomPruning
from bench.methods.temperature import Temperature
from bench.spec.methods import METHODS, split
from bench.spec.names import parse
from bench.spec.ranks import FullRank
from bench.spec.run import Run


def methods_of(run: Run, steps: int, start: Method | None = None) -> tuple[Method, ...]:
    """Return the methods of ``run``: low rank, start, pruning, temperature, adversarial training, and those of other packages.

    ``start`` sets the weights to start from, where they are not drawn. ``steps`` is the length of the training.

    Raises:
        BadInput: the schedule does not fit the steps, or a method of another package cannot be used.
    """
    others = [parse(text, METHODS, "method") for text in split(run.method)]
    return (_rank(run), start or Method(), _pruning(run, steps), _temperature(run), _adversarial(run), *others)


def _rank(run: Run) -> Method:
    return Method() if isinstance(run.low_rank, FullRank) else LowRank(run.arch, run.low_rank)


def _pruning(run: Run, steps: int) -> Method:
    if not run.sparsity:
        return Method()
    schedule = run.schedule.resolve(steps)
    if run.pruning == "random":
        return RandomPruning(run.sparsity, schedule, run.derived_seed("pruning"))
    return (FilterPruning if run.pruning == "filter" else MagnitudePruning)(run.sparsity, schedule)


def _temperature(run: Run) -> Method:
    return Temperature(run.temperature, run.temperature_loss == "scaled") if run.temperature != 1 else Method()


def _adversarial(run: Run) -> Method:
    if not run.adversarial_eps:
        return Method()
    at_random = run.adversarial_start == "random"
    return AdversarialTraining(run.adversarial_eps, run.adversarial_steps, at_random, run.derived_seed("adversarial"))
