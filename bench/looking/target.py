"""The class that a picture is made of, by the name that a user types."""

from __future__ import annotations

from collections.abc import Sequence

from bench.datasets.imagenette import CLASSES
from bench.errors import unknown


def name_of(identifier: str) -> str:
    """Return the name of a class in words: "tench" for n01440764, and any other as it is."""
    return CLASSES.get(identifier, identifier)


def label_of(text: str, classes: Sequence[str]) -> int:
    """Return the label of the class ``text``, its name or its id in any case.

    Raises:
        BadInput: there is no such class. The message has the names of all, and the nearest.
    """
    names = [name_of(each) for each in classes]
    for known in (list(classes), names):
        lowered = [each.lower() for each in known]
        if text.strip().lower() in lowered:
            return lowered.index(text.strip().lower())
    raise unknown("class", text, names)
