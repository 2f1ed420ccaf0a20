"""Class folders as images of ImageNet's 1,000 classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.datasets.base import Dataset, Split
from bench.errors import BadInput
from bench.imagenet.names import imagenet_names


def class_folders(name: str, data_dir: Path | None) -> Path:
    """Return the folder of the images of the network ``name``, trained on ImageNet; BadInput where there is none."""
    if data_dir is None:
        raise BadInput(
            f"{name} needs --data-dir DIR: expected DIR/CLASS/*.jpg or DIR/val/CLASS/*.jpg, each CLASS the WordNet id or the "
            "name of a class of ImageNet"
        )
    return data_dir


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
