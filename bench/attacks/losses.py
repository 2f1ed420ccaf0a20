"""The losses that an attacker can differentiate. An attack climbs them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CrossEntropy:
    """The cross-entropy of softmax(logits / T) against the label, where T is ``temperature``, the attacker's own."""

    temperature: float = 1.0


@dataclass(frozen=True)
class Margin:
    """The largest logit of another class minus the logit of the label. No temperature changes the sign of its gradient."""


@dataclass(frozen=True)
class Dlr:
    """The difference of logits ratio: the margin over the gap between the largest and the third largest logit.

        -(z_y - max_(i != y) z_i) / (z_(1) - z_(3))

    Neither shift nor scale of the logits changes it. It needs three classes: with two it is -1 on every correct image.
    AutoAttack asks for four.
    Source: Croce & Hein 2020, arXiv:2003.01690, equation 6.
    """


@dataclass(frozen=True)
class UnitGap:
    """The cross-entropy of the logits divided by the gap between their two largest, which is held constant.

    Logits of any scale have a gap of 1 then, so that float32 does not round the gradient to zero. Only its gradient is a guide:
    its value falls towards log(1 + 1/e) as a correct image nears the boundary.
    """


@dataclass(frozen=True)
class TargetedMargin:
    """The logit of a chosen other class minus the logit of the label."""


@dataclass(frozen=True)
class Logit:
    """The logit of a chosen class."""


Loss = CrossEntropy | Margin | Dlr | UnitGap | TargetedMargin | Logit
