"""Training at a high softmax temperature, the internship report's section 4.3."""

from __future__ import annotations

from dataclasses import dataclass

from bench.methods.base import Loss, Method, Sources
from bench.spec.run import Run


@dataclass(frozen=True)
class Temperature(Method):
    """Train on logits divided by a temperature. The network itself still returns the logits.

        L(x, y) = c * (-g_y(x) / T + log sum_j exp(g_j(x) / T))

    where g are the logits, y is the label and T is ``temperature``. c is T where ``scaled``, else 1. The gradient of the
    plain loss by the logits is 1 / T times that of the scaled loss.
    Departure: the report's loss is the plain one, and it names no change of the learning rate.
    Source: the report, equations 22 to 24; Hinton et al. 2015, arXiv:1503.02531, section 2.
    """

    temperature: float
    scaled: bool

    def loss(self, loss: Loss) -> Loss:
        """Return ``loss`` on the logits over T, times c."""
        factor = self.temperature if self.scaled else 1.0
        return lambda labels, logits: factor * loss(labels, logits / self.temperature)


def temperature(run: Run, _steps: int, _sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    return Temperature(run.temperature, run.temperature_loss == "scaled")
