"""Tells whether a network learned at all. One that did not is not judged."""

from __future__ import annotations

from bench.records.outcomes import wilson


def learned(accuracy: float, images: int, classes: int) -> bool:
    """Tell whether clean ``accuracy`` on ``images`` images is shown to be above twice chance, 2 / ``classes``.

    The lower end of its 95 % Wilson interval must be above min(2 / c, (1 + 1 / c) / 2), where c is ``classes``: the
    second is half way from chance to 1, and counts for one or two classes. A network near chance has no accuracy to
    lose, so an attack on it says nothing about strength or masked gradients.
    """
    low, _ = wilson(round(accuracy * images), images)
    return low > min(2 / classes, (1 + 1 / classes) / 2)
