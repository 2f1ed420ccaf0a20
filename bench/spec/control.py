"""The control of a run: what it is compared with."""

from __future__ import annotations

from dataclasses import fields

from bench.spec.run import Run


def control_of(run: Run) -> Run:
    """Return the control of ``run``: the same network, dense, of full rank, at temperature 1, on images as they are.

    Every setting that asks for a method is without effect, and so are its parts.
    """
    return run.without(*[each.name for each in fields(run) if each.metadata["acts"]])
