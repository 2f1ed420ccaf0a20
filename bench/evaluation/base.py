"""What the pipeline does with a trained network: a list of evaluations, each with one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bench.attacks.base import Target
from bench.datasets.base import Dataset
from bench.records.schema import EnvironmentRecord, TrainingRecord
from bench.records.store import Folder
from bench.training.progress import Progress


class Network(Target, Protocol):
    """A trained network as an evaluation sees it: a target that also counts what its gradients are worth."""

    broken: int

    @property
    def zero_images(self) -> float:
        """The fraction of the gradients handed out that are zero everywhere."""

    @property
    def zero_pixels(self) -> float:
        """The fraction of the gradient values handed out that are exactly zero."""

    def forget(self) -> None:
        """Count gradients from zero."""


@dataclass(frozen=True)
class Subject:
    """A trained network with everything that an evaluation of it needs."""

    folder: Folder
    training: TrainingRecord
    network: Network
    data: Dataset
    environment: EnvironmentRecord
    progress: Progress


class Evaluation(Protocol):
    """One thing to find out about a trained network. ``str(evaluation)`` says what, for progress and errors.

    ``library``: the module of the extra of the same name that it needs; empty where it needs none.
    """

    @property
    def library(self) -> str:
        """The module of the extra that it needs."""

    def is_recorded(self, folder: Folder) -> bool:
        """Tell whether ``folder`` has its record; IntegrityError where the record does not verify."""

    def evaluate(self, subject: Subject) -> None:
        """Evaluate ``subject`` and write the record."""
