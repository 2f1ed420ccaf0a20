"""What an attack is: a frozen dataclass of hyper-parameters, called with data.

It is handed a view of the network, never the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


class View(Protocol):
    """What the attacker can see of a network: its logits and its input gradient, in float32."""

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits of ``images`` (n, height, width, 3; pixel levels), shape (n, classes)."""

    def gradient(self, images: Images, labels: Labels) -> Images:
        """Return the gradient by the pixels of the cross-entropy of each image, shape of ``images``; loss a pixel level."""


class Attack(Protocol):
    """An attack bounded in L-infinity norm, with true labels.

    ``str(attack)`` names it in tables and files. ``threat`` says in words what the attacker knows and does.
    """

    kind: ClassVar[str]

    @property
    def threat(self) -> str:
        """What the attacker knows and does, in one phrase."""

    def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
        """Yield, for each radius of ``eps`` in turn, the attacked ``images``.

        ``images``: float32, NHWC, pixel levels [0, 255]. ``labels``: int64, (n,). ``eps``: L-infinity radii in pixel
        levels. Each yielded array has the shape and dtype of ``images``, stays in [0, 255] and within its radius: the
        referee checks.
        """
