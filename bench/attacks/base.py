"""The contract of an attack: a frozen dataclass of hyper-parameters, called with data. It sees a target, never the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.attacks.norms import Norm
from bench.datasets.base import Images, Labels
from bench.spec.names import named


@dataclass(frozen=True)
class CrossEntropy:
    """The cross-entropy of softmax(logits / T) against the label, where T is ``temperature``, the attacker's own."""

    temperature: float = 1.0


@dataclass(frozen=True)
class Margin:
    """The largest logit of another class minus the logit of the label. No temperature changes the sign of its gradient."""


Loss = CrossEntropy | Margin


class Target(Protocol):
    """What an attacker can see of a network: its logits and its input gradients, in float32.

    ``temperature`` is the one that the network was trained at, for attackers who know it.
    """

    temperature: float

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits of ``images`` (n, height, width, 3; pixel levels), shape (n, classes)."""

    def gradient(self, images: Images, labels: Labels, loss: Loss) -> Images:
        """Return the gradient of each image's ``loss`` by its pixels, shape of ``images``; unit: loss a pixel level."""


@dataclass(frozen=True)
class Threat:
    """What an attacker does and knows, against a network trained at a given temperature.

    Args:
        label: in a few words, for a legend.
        knowledge: in one phrase, for a caption.
        temperature: the T at which the attacker differentiates; None where no temperature matters.
    """

    label: str
    knowledge: str
    temperature: float | None


class Attack(ABC):
    """An attack with true labels, bounded in its ``norm``. ``str(attack)`` names it in tables and files.

    Attributes:
        kind: its name on the command line.
        norm: what bounds it. The referee, the captions and the worst case read it from here.
        version: of its numbers. Raise it, and name the change in CHANGELOG.md, when an attacked image changes.
        library: the module of the extra of the same name that it needs; empty where it needs none.
    """

    kind: ClassVar[str]
    norm: ClassVar[Norm]
    version: ClassVar[int] = 1
    library: ClassVar[str] = ""

    def __str__(self) -> str:
        return named(self)

    @abstractmethod
    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""

    def against(self, trained_temperature: float) -> Attack:
        """Return the attack as it is recorded on a network trained at this temperature: one name for equal attacks."""
        del trained_temperature
        return self

    @abstractmethod
    def __call__(
        self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int
    ) -> Iterator[Images]:
        """Yield the attacked ``images`` for each radius of ``eps`` in turn.

        Args:
            target: the network as the attacker sees it.
            images: float32, NHWC, pixel levels [0, 255].
            labels: int64, (n,), the true classes.
            eps: radii in the attack's norm, pixel levels.
            seed: of whatever the attack draws; the same seed gives the same images.

        Yields:
            An array of the shape and dtype of ``images`` in [0, 255] and within its radius. The referee checks.
        """
