"""What searches along a gradient share: their losses, their steps, their restarts."""

from __future__ import annotations

from dataclasses import dataclass

from bench.attacks.gradient_attack import GradientAttack
from bench.attacks.search import Search
from bench.spec.limits import Range

COUNTS = {
    "steps": Range("steps", 1, 10_000, whole=True),
    "restarts": Range("restarts", 1, 1000, whole=True),
    "targets": Range("classes", 0, 1000, whole=True),
}


@dataclass(frozen=True)
class GradientSearch(GradientAttack, Search):
    """A search along the gradient of a loss; its settings ``steps``, ``restarts`` and ``targets`` are whole numbers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, limit in COUNTS.items():
            if hasattr(self, name):
                whole = limit.integer(
                    f"{name} of {self.kind}", getattr(self, name)
                )  # an attack as text has no integers
                object.__setattr__(self, name, whole)
