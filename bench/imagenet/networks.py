"""The table of networks trained on ImageNet, by the names that the commands take. TensorFlow starts when one is built."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.datasets.messages import Report
from bench.imagenet.names import CLASSES
from bench.imagenet.weights import LITE0, MOBILENETV2, VGG16, Published

SIZE = 224  # pixels a side, as all of them were trained


@dataclass(frozen=True)
class ImageNetNetwork:
    """A row of the table.

    Args:
        place: ``module:function`` of a function ``(input_shape, num_classes) -> tf_keras.Model``. The function
            ``set_published(model, path)`` of the same module gives it the weights.
        weights: the published file.
        parameters: the number of trainable parameters at 1,000 classes.
    """

    place: str
    weights: Published
    parameters: int


NETWORKS = {
    "efficientnet-lite0": ImageNetNetwork("bench.imagenet.efficientnet_lite0:efficientnet_lite0", LITE0, 4_652_008),
    "mobilenetv2": ImageNetNetwork("bench.imagenet.keras_networks:mobilenetv2", MOBILENETV2, 3_504_872),
    "vgg16": ImageNetNetwork("bench.imagenet.keras_networks:vgg16", VGG16, 138_357_544),
}


def load(name: str, weights: Path | None, report: Report) -> tuple[Any, Path]:
    """Build the network ``name`` of the table with its published weights; return the tf_keras model and the file.

    It takes float32 pixel levels [0, 255], (n, 224, 224, 3), and returns logits, (n, 1000). Images are made so by
    ``bench.datasets.decoding.decode``: the shortest side is scaled to 224 px and the centre is cropped.

    Args:
        weights: a copy of the published file; None for that of the package, of the cache or a download.
        report: takes one line where something is downloaded.

    Raises:
        BadInput: the file does not exist, or the package is not installed.
        IntegrityError: the file is not the published one.
        TryLater: the download failed.
    """
    row = NETWORKS[name]
    path = row.weights.located(weights, report)
    model = pkgutil.resolve_name(row.place)((SIZE, SIZE, 3), CLASSES)  # which imports TensorFlow
    pkgutil.resolve_name(row.place.partition(":")[0]).set_published(model, path)
    return model, path
