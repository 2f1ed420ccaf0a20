"""Tells whether a network is shown to have learned at all. One that is not is not judged."""

from __future__ import annotations

from bench.records.outcomes import wilson
from bench.records.schema import TrainingRecord


def learned(training: TrainingRecord) -> bool:
    """Tell whether the network of ``training`` is shown to have learned, on all validation images. One that diverged is not."""
    data, metrics = training.data, training.metrics
    return metrics is not None and above_chance(metrics.accuracy, data.val, len(data.classes))


def above_chance(accuracy: float, images: int, classes: int) -> bool:
    """Tell whether clean ``accuracy`` on ``images`` images is shown to be above twice chance, 2 / ``classes``.

    The lower end of its 95 % Wilson interval must be above min(2 / c, (1 + 1 / c) / 2), where c is ``classes``: the
    second is half way from chance to 1, and counts for one or two classes. A network near chance has no accuracy to
    lose, so an attack on it says nothing about strength or masked gradients.
    """
    return _shown(accuracy, images) > _needed(classes)


def shown_and_needed(accuracy: float, images: int, classes: int) -> str:
    """Return the two numbers that ``above_chance`` compares, as text to follow the accuracy of a network that did not pass."""
    return f"lower 95 % end {_shown(accuracy, images):.3f}, needed above {_needed(classes):.3f}"


def _shown(accuracy: float, images: int) -> float:
    low, _ = wilson(round(accuracy * images), images)
    return low


def _needed(classes: int) -> float:
    return min(2 / classes, (1 + 1 / classes) / 2)
