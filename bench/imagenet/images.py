"""Class folders as images of ImageNet's 1,000 classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.datasets.base import Dataset, Split
from bench.errors import BadInput
from bench.imagenet.names import imagenet_names


def among_imagenet(data: Dataset) -> Dataset:
    """Return ``data`` with labels among the classes of ImageNet, which the names of the class folders tell.

    Raises:
        BadInput: a folder is named neither by the WordNet id nor by the name of a class.
    """
    names = imagenet_names()
    try:
        outputs = np.array([names.find(each) for each in data.classes], np.int64)
    except BadInput as error:
        raise BadInput(
            f"a class folder is no class of ImageNet: {error}. Expected folders named by WordNet ids, as n01440764"
        ) from error

    def moved(split: Split) -> Split:
        return replace(split, labels=outputs[split.labels] if len(split) else split.labels)

    return replace(data, train=moved(data.train), val=moved(data.val), classes=names.ids)
