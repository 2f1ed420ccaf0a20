"""Dropout before every dense layer, as a factor beside what the architecture has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.errors import BadInput
from bench.methods.base import Method, Sources
from bench.spec.run import Run

if TYPE_CHECKING:  # the folder in the checkout, whose types mypy can read
    from architectures.dropout import StatelessDropout
else:  # the package that is installed
    from bench.architectures.dropout import StatelessDropout

SUFFIX = "_inputs_dropout"


@dataclass(frozen=True)
class Dropout(Method):
    """Zero each input of a dense layer with probability ``rate`` in training, and scale the others by 1 / (1 - rate).

    It comes before every dense layer, and beside the dropout that an architecture has of itself.
    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting", section 4.
    """

    rate: float

    def dense(self, dense: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``dense`` with dropout before it. In use it raises BadInput where a layer has no name."""

        def after_dropout(units: int, **options: Any) -> Callable[[Any], Any]:
            if not options.get("name"):
                raise BadInput(
                    f"dropout: a dense layer of {units} units has no name: expected one, as in dense({units}, name='fc')"
                )
            layer = dense(units, **options)
            return lambda x: layer(StatelessDropout(self.rate, name=options["name"] + SUFFIX)(x))

        return after_dropout

    def prepare(self, model: Any) -> Any:
        """Return the model; BadInput where it has no dense layer with dropout before it."""
        if not any(layer.name.endswith(SUFFIX) for layer in model.layers):
            raise BadInput(
                "dropout would do nothing: expected an architecture that makes its dense layers with the dense that it is given"
            )
        return model


def dropout(run: Run, _steps: int, _sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    return Dropout(run.dropout)
