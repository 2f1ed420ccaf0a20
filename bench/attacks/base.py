"""What an attack is: a frozen dataclass of hyper-parameters, called with data.

It is handed a view of the network, never the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class CrossEntropy:
    """The cross-entropy of softmax(logits / T) against the label, where T is ``temperature``, the attacker's own."""

    temperature: float = 1.0


@dataclass(frozen=True)
class Margin:
    """The largest logit of another class minus the logit of the label: no temperature changes the sign of its gradient."""


Loss = CrossEntropy | Margin


class View(Protocol):
    """What the attacker can see of a network: its logits and its input gradients, in float32.

    ``temperature`` is the one that it was trained at, for attackers who know it.
    """

    temperature: float

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits of ``images`` (n, height, width, 3; pixel levels), shape (n, classes)."""

    def gradient(self, images: Images, labels: Labels, loss: Loss) -> Images:
        """Return the gradient by the pixels of the ``loss`` of each image, shape of ``images``; loss a pixel level."""


@dataclass(frozen=True)
class Threat:
    """What an attacker does and knows, against a network trained at a given temperature.

    ``label``: in a few words, for a legend. ``knowledge``: in one phrase. ``temperature``: the T at which the attacker
    differentiates; None where no temperature matters.
    """

    label: str
    knowledge: str
    temperature: float | None


class Attack(Protocol):
    """An attack bounded in L-infinity norm, with true labels. ``str(attack)`` names it in tables and files.

    ``library``: the module of the extra of the same name that it needs; empty where it needs none.
    """

    kind: ClassVar[str]
    library: ClassVar[str]

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""

    def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
        """Yield, for each radius of ``eps`` in turn, the attacked ``images``.

        ``images``: float32, NHWC, pixel levels [0, 255]. ``labels``: int64, (n,). ``eps``: L-infinity radii in pixel
        levels. Each yielded array has the shape and dtype of ``images``, stays in [0, 255] and within its radius: the
        referee checks.
        """
