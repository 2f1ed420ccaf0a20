"""Pruning schedules, in fractions of the training or in optimiser steps."""

from __future__ import annotations

from dataclasses import dataclass

from bench.errors import BadInput
from bench.spec.limits import Range
from bench.spec.names import exactly

FRACTION = Range("a fraction of the training", 0, 1)
COUNT = Range("a whole number", 1, 10_000_000, whole=True)


@dataclass(frozen=True)
class Steps:
    """A pruning schedule in optimiser steps, which count from 1.

    The fraction of zeros after the pruning at step t is

        s_t = s_f - s_f * (1 - (t - t_start) / (n * f))**3

    Args:
        begin: t_start. Prunings come after it.
        updates: n, the number of prunings.
        frequency: f, the steps from one pruning to the next.

    Source: Zhu & Gupta 2017, arXiv:1710.01878, eq. 1, with initial sparsity 0; the report's section 4.1.2.
    """

    begin: int
    updates: int
    frequency: int

    def __post_init__(self) -> None:
        for name in ("begin", "updates", "frequency"):
            COUNT.check(f"schedule {name}", getattr(self, name))

    def __str__(self) -> str:
        return f"steps:{self.begin},{self.updates},{self.frequency}"

    @property
    def end(self) -> int:
        """The step of the last pruning, t_start + n * f."""
        return self.begin + self.updates * self.frequency

    def resolve(self, total: int) -> Steps:
        """Return the schedule itself; BadInput where its last pruning is after the last of ``total`` steps."""
        if self.end > total:
            raise BadInput(
                f"the schedule {self} prunes last at step {self.end}, but the training has {total} steps: "
                f"expected t_start + n * f <= {total}; train longer, or give fractions of the training, as in shares:0.2,0.7,16"
            )
        return self


@dataclass(frozen=True)
class Fractions:
    """A pruning schedule in fractions of the training: about ``updates`` prunings between ``begin`` and ``end``."""

    begin: float = 0.2
    end: float = 0.7
    updates: int = 16

    def __post_init__(self) -> None:
        FRACTION.check("schedule begin", self.begin)
        FRACTION.check("schedule end", self.end)
        COUNT.check("schedule updates", self.updates)
        if self.begin >= self.end:
            raise BadInput(f"schedule {self}: expected begin < end")

    def __str__(self) -> str:
        return f"shares:{exactly(self.begin)},{exactly(self.end)},{self.updates}"

    def resolve(self, total: int) -> Steps:
        """Return the schedule in steps of a training of ``total`` steps.

        The last pruning falls on ``end``, or less than one pruning interval before it. A training that is too short for
        ``updates`` prunings gets as many as fit; BadInput where none fits.
        """
        begin = max(1, round(self.begin * total))
        room = round(self.end * total) - begin
        if room < 1:
            raise BadInput(
                f"the training has {total} steps, too few for a pruning between the fractions {self.begin:g} and {self.end:g}: "
                "train for more epochs or with smaller batches"
            )
        frequency = max(1, room // self.updates)
        return Steps(begin, min(self.updates, room // frequency), frequency)


Schedule = Fractions | Steps


def parse_schedule(text: str) -> Schedule:
    """Read ``shares:BEGIN,END,UPDATES`` or ``steps:T_START,N,F``; BadInput where it is neither."""
    kind, _, numbers = text.partition(":")
    try:
        first, second, third = numbers.split(",")
        if kind == "shares":
            return Fractions(float(first), float(second), int(third))
        if kind == "steps":
            return Steps(int(first), int(second), int(third))
    except ValueError:
        pass
    raise BadInput(
        f"schedule {text!r}: expected shares:BEGIN,END,UPDATES (as shares:0.2,0.7,16) or steps:T_START,N,F (as steps:100,8,25)"
    )
