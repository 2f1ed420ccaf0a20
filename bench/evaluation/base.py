"""The contract of an evaluation of a trained network. Each evaluation leaves one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from bench.attacks.base import Target
from bench.datasets.base import Dataset
from bench.records.schema import EnvironmentRecord, TrainingRecord
from bench.records.store import Folder
from bench.training.progress import Progress


class Network(Target, Protocol):
    """A trained network as an evaluation sees it: a target that also counts.

    Attributes:
        model: the tf_keras network, pixel levels to logits; None where there is none.
        broken: the gradient values that were NaN or infinite.
        gradients: the images that a gradient was taken of.
        queries: the images that were classified without a gradient.
    """

    model: Any
    broken: int
    gradients: int
    queries: int

    @property
    def zero_images(self) -> float:
        """The fraction of its gradients that are zero in every value."""

    @property
    def zero_pixels(self) -> float:
        """The fraction of the values of its gradients that are zero."""

    def forget(self) -> None:
        """Start the counts again."""


@dataclass(frozen=True)
class Subject:
    """A trained network and everything that an evaluation needs."""

    folder: Folder
    training: TrainingRecord
    network: Network
    data: Dataset
    environment: EnvironmentRecord
    progress: Progress


class Evaluation(Protocol):
    """One evaluation of a trained network. ``str(evaluation)`` names it in progress lines and errors."""

    @property
    def library(self) -> str:
        """The module that it needs; empty if it needs none."""
        return ""

    @property
    def remedy(self) -> str:
        """What to do where the module is missing, for an error; empty if it needs none."""
        return ""

    def is_recorded(self, folder: Folder) -> bool:
        """Tell whether ``folder`` has its record, of the network that is there.

        Raises:
            IntegrityError: the record is damaged.
        """

    def evaluate(self, subject: Subject) -> None:
        """Evaluate ``subject`` and write the record."""
