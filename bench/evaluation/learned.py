"""Whether a network learned at all. One that did not is not judged."""

from __future__ import annotations

from bench.records.outcomes import wilson


def learned(accuracy: float, images: int, classes: int) -> bool:
    """Tell whether clean ``accuracy`` on ``images`` images is shown to be above twice chance, 2 / ``classes``.

    The lower end of the 95 % Wilson interval must be above it. A network near chance has no accuracy to lose: an attack
    that changes nothing on it tells neither strength nor a masked gradient.
    """
    low, _ = wilson(round(accuracy * images), images)
    return low > min(2 / classes, (1 + 1 / classes) / 2)
