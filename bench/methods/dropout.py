"""Dropout before every dense layer, as a factor beside what the architecture has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.methods.base import Method, Sources
from bench.spec.run import Run

if TYPE_CHECKING:  # the folder in the checkout, whose types mypy can read
    from architectures.dropout import StatelessDropout
else:  # the package that is installed
    from bench.architectures.dropout import StatelessDropout


@dataclass(frozen=True)
class Dropout(Method):
    """Zero each input of a dense layer with probability ``rate`` in training, and scale the others by 1 / (1 - rate).

    It comes before every dense layer, and beside the dropout that an architecture has of itself.
    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting", section 4.
    """

    rate: float

    def dense(self, dense: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``dense`` with dropout before it."""

        def after_dropout(units: int, **options: Any) -> Callable[[Any], Any]:
            layer = dense(units, **options)
            return lambda x: layer(StatelessDropout(self.rate, name=f"{options['name']}_inputs_dropout")(x))

        return after_dropout


def dropout(run: Run, _steps: int, _sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    return Dropout(run.dropout)
