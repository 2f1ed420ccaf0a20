"""The control of a run: what it is compared with."""

from __future__ import annotations

from dataclasses import fields

from bench.spec.run import Run
from bench.spec.setting import flag


def control_of(run: Run) -> Run:
    """Return the control of ``run``: the same network, dense, of full rank, at temperature 1, on images as they are.

    Every setting that asks for a method is without effect, and so are its parts. A method of another package is left out too.
    Weight decay stays.
    """
    return run.without(*[each.name for each in fields(run) if each.metadata["acts"]], "method")


def options_apart(run: Run) -> list[str]:
    """Return the options of ``run`` that its control does without."""
    control = control_of(run)
    return [flag(each) for each in fields(run) if getattr(run, each.name) != getattr(control, each.name)]
