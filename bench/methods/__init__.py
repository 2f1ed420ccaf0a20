"""Which methods act on a run, in the order of their hooks."""

from __future__ import annotations

from bench.methods.base import Method
from bench.methods.magnitude import Magnitude
from bench.spec import Run


def methods_of(run: Run, steps: int) -> tuple[Method, ...]:
    """Return the methods of ``run``, whose training has ``steps`` optimiser steps; BadInput where the schedule does not fit."""
    pruning = Magnitude(run.sparsity, run.schedule.resolve(steps)) if run.sparsity else Method()
    return (pruning,)
