"""Which methods act on a run."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable

from bench.methods.base import Method, Sources
from bench.spec.methods import METHODS, split
from bench.spec.names import parse
from bench.spec.run import Run


def methods_of(run: Run, steps: int, sources: Sources | None = None) -> tuple[Method, ...]:
    """Return the methods of ``run`` in the order of its settings, then those of other packages.

    Args:
        steps: the length of the training.
        sources: what they may take of other trainings; None where the network is not trained but rebuilt.

    Raises:
        BadInput: the schedule does not fit the steps, or a method of another package cannot be used.
    """
    own = [_made(acts.place)(run, steps, sources) for acts in run.methods]
    others = [parse(text, METHODS, "method") for text in split(run.method)]
    return (*own, *others)


def _made(place: str) -> Callable[[Run, int, Sources | None], Method]:
    found: Callable[[Run, int, Sources | None], Method] = pkgutil.resolve_name(place)
    return found
