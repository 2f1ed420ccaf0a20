"""Which methods act on a run."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable

from bench.methods.base import Method
from bench.spec.methods import METHODS, split
from bench.spec.names import parse
from bench.spec.run import Run


def methods_of(run: Run, steps: int, start: Method | None = None) -> tuple[Method, ...]:
    """Return the methods of ``run`` in the order of its settings, then those of other packages.

    Args:
        steps: the length of the training.
        start: what sets the weights to start from, where they are not drawn. It comes first.

    Raises:
        BadInput: the schedule does not fit the steps, or a method of another package cannot be used.
    """
    own = [_made(acts.place)(run, steps) for acts in run.methods]
    others = [parse(text, METHODS, "method") for text in split(run.method)]
    return (*([start] if start else []), *own, *others)


def _made(place: str) -> Callable[[Run, int], Method]:
    found: Callable[[Run, int], Method] = pkgutil.resolve_name(place)
    return found
