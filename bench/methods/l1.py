"""The l1 penalty: weights that the loss does not need become exactly zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from bench.methods.base import Method, Sources
from bench.methods.proximal import ProximalSteps
from bench.spec.run import Run


@dataclass(frozen=True)
class L1(Method):
    """Train on the loss plus (1 - m) ``factor`` times the sum of the absolute weights of all kernels, by proximal steps.

        w <- sign(w) max(|w| - r * factor, 0)   after each optimiser step, where r is its learning rate

    m is the momentum: with the usual 0.9, a tenth of ``factor`` counts, because momentum makes the steps of the loss ten times
    as long and not those of the penalty. A weight of zero stays zero where the gradient of the loss is below
    (1 - m) ``factor``. How many zeros come of a factor is not known beforehand; the record counts them.

    Departure: the source adds the penalty to the loss, by which weights come near zero and never to it.
    Source: Langenberg et al. 2019, arXiv:1901.10371, for the penalty beside robustness; Parikh & Boyd 2014, section 6.5.2,
    for the step.
    """

    factor: float

    def callbacks(self) -> list[Any]:
        """Return the callback that takes the proximal steps."""
        return [ProximalSteps(_shrink, self.factor)]


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
def _shrunk(kernel: Any, threshold: Any) -> Any:
    return tf.sign(kernel) * tf.nn.relu(tf.abs(kernel) - threshold)


def _shrink(kernels: list[Any], threshold: float) -> None:
    for kernel in kernels:
        kernel.assign(_shrunk(tf.convert_to_tensor(kernel.value()), tf.constant(threshold, tf.float32)))


def l1(run: Run, _steps: int, _sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    return L1(run.l1)
