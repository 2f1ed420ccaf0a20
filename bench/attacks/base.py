"""The contract of an attack: a frozen dataclass of settings, called with a target and images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.attacks.losses import Loss
from bench.attacks.norms import Norm
from bench.datasets.base import Images, Labels
from bench.spec.names import named


class Target(Protocol):
    """A network as an attacker sees it: logits and input gradients, in float32. A subclass writes all but ``gradient``.

    ``temperature``: the T of its training, for attackers who know it.
    """

    temperature: float

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits (n, classes) of ``images`` (n, height, width, 3), in pixel levels."""

    def gradient(self, images: Images, labels: Labels, loss: Loss) -> Images:
        """Return the gradient of each image's ``loss`` by its pixels, of the shape of ``images``. Unit: loss per pixel level."""
        return self.step(images, labels, loss, labels)[2]

    def step(
        self, images: Images, labels: Labels, loss: Loss, others: Labels
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Images]:
        """Return the logits (n, classes), the loss of each image (n,) and its gradient, from one pass.

        ``others``, int64 (n,), are the classes that a targeted loss goes for.
        """

    def other(self, name: str) -> Target:
        """Return another trained network, for an attack that has ``name`` among its ``sources``."""


class Through(Target):
    """A target that passes everything on to another, ``target``. A subclass changes what it shows of it."""

    def __init__(self, target: Target) -> None:
        self.target, self.temperature = target, target.temperature

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits, as ``Target`` asks."""
        return self.target.logits(images)

    def step(
        self, images: Images, labels: Labels, loss: Loss, others: Labels
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Images]:
        """Return logits, losses and gradients, as ``Target`` asks."""
        return self.target.step(images, labels, loss, others)

    def other(self, name: str) -> Target:
        """Return another trained network, as ``Target`` asks."""
        return self.target.other(name)


@dataclass(frozen=True)
class Threat:
    """What an attacker does and knows, against a network trained at a given temperature.

    Args:
        label: a few words for a legend.
        knowledge: one phrase for a caption.
        temperature: the T of the attacker's loss; None if no temperature matters.
    """

    label: str
    knowledge: str
    temperature: float | None


class Attack(ABC):
    """An attack that knows the true labels and is bounded in its ``norm``. ``str(attack)`` is its name in tables and files.

    Attributes:
        kind: the name on the command line.
        norm: the norm that bounds it, for the referee, the captions and the worst case.
        version: the version of its numbers. Raise it, and name the change in CHANGELOG.md, when an attacked image changes.
        library: the module that it needs; empty if it needs none. For an attack of this suite the extra has the same name.
        counts: whether an image that it does not fool speaks for the network. Where it does not, the attack is shown only:
            no network is called more robust for it, and the worst case leaves it out.
    """

    kind: ClassVar[str]
    norm: ClassVar[Norm]
    version: ClassVar[int] = 1
    library: ClassVar[str] = ""
    counts: ClassVar[bool] = True

    def __str__(self) -> str:
        return named(self)

    @property
    def sources(self) -> tuple[str, ...]:
        """The trained runs whose networks it needs, by the names of their folders; "" is the control of the attacked run."""
        return ()

    @property
    def passes(self) -> tuple[int, int]:
        """How many gradients and how many queries it takes for an image and radius that survives; an audit's forecast asks."""
        return 1, 1

    @abstractmethod
    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""

    def against(self, trained_temperature: float) -> Attack:
        """Return the attack as it is recorded on a network trained at this temperature, so that equal attacks have one name."""
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
            eps: radii in the attack's norm and its unit.
            seed: of the attack's random draws. The same seed gives the same images.

        Yields:
            For each radius an array of the shape and dtype of ``images``, in [0, 255] and within the radius. The referee
            checks this.
        """
