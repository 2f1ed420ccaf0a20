"""Checks by a few images that a network of unknown origin is used as it was trained: logits, pixel scale, order of classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from bench.datasets.base import Dataset, Images, Labels
from bench.datasets.messages import Report, printable
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.evaluation.learned import above_chance
from bench.records.outcomes import wilson

MOST_IMAGES = 512
ROW_SUM = 1e-3
NAMED_AT_MOST = 10
# The scales that networks are often trained on, as the layer that maps pixel levels to them. The last has the mean and
# variance of ImageNet: 255 * (0.485, 0.456, 0.406) and (255 * (0.229, 0.224, 0.225))**2.
SCALES: dict[str, Callable[[Images], NDArray[Any]]] = {
    "keras.layers.Rescaling(1 / 255)": lambda x: x / 255,
    "keras.layers.Rescaling(1 / 127.5, offset=-1)": lambda x: x / 127.5 - 1,
    "keras.layers.Normalization(mean=[123.675, 116.28, 103.53], variance=[3409.98, 3262.69, 3291.89])": lambda x: (
        (x - np.array([123.675, 116.28, 103.53])) / np.sqrt([3409.98, 3262.69, 3291.89])
    ),
}


@dataclass(frozen=True)
class Reading:
    """A way to use a network, and how many of the ``images`` it then classifies correctly."""

    right: int
    images: int
    how: str = ""

    def __str__(self) -> str:
        return f"{self.right} of {self.images} images"

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the accuracy."""
        return wilson(self.right, self.images)

    def learned(self, classes: int) -> bool:
        """Tell whether the network, used so, is shown to have learned ``classes`` classes."""
        return above_chance(self.right / self.images, self.images, classes)


def check_answers(model: Any, place: str, data: Dataset, report: Report) -> None:
    """Check the logits of ``model`` on up to ``MOST_IMAGES`` images of ``data.val``, evenly spaced.

    Where another scale of the pixels or another order of the classes gives a clearly higher accuracy, with 95 % intervals
    apart, this is reported. The order is found on every second image and counted on the rest.

    Raises:
        BadInput: logits are not finite or are probabilities, or the network is not shown to have learned. The message names
            the scale or the order with which it is.
    """
    part = data.val.spread(MOST_IMAGES)
    images = part.images.astype(np.float32)
    logits_of = Classifier(model).logits
    logits = logits_of(images)
    _check_logits(logits, place)
    found = logits.argmax(axis=1)
    usual = _reading(found, part.labels)
    others = [
        _reading(logits_of(scale(images).astype(np.float32)).argmax(axis=1), part.labels, f"the first layer {layer}")
        for layer, scale in SCALES.items()
    ]
    others += _reordered(found, part.labels, data.classes)
    best = max(others, key=lambda each: each.interval[0])
    said = f"{place} classifies {usual} correctly, and {best} with {best.how}"
    if usual.learned(len(data.classes)):
        if best.interval[0] > usual.interval[1]:
            report(f"{said}: check that it is used as it was trained")
    elif best.learned(len(data.classes)):
        raise BadInput(
            f"{said}: expected pixel levels [0, 255] and the classes in the order of their folders; use that"
        )
    else:
        raise BadInput(
            f"{place} classifies {usual} correctly: expected a network that is shown to be well above chance, "
            f"1 in {len(data.classes)}; check that the weights are of this network, that output i is class i of the sorted "
            f"folder names ({_named(enumerate(data.classes))}), and that there are enough images"
        )


def _check_logits(logits: NDArray[np.float32], place: str) -> None:
    if broken := int((~np.isfinite(logits)).any(axis=1).sum()):
        raise BadInput(
            f"{place} returns NaN or infinity on {broken} of {len(logits)} images: expected finite logits; check that the "
            "weights are of this network, and its layers for a division by 0 or an overflow"
        )
    if (logits >= 0).all() and (logits <= 1 + ROW_SUM).all() and (abs(logits.sum(axis=1) - 1) <= ROW_SUM).all():
        raise BadInput(
            f"{place} returns probabilities: on all {len(logits)} images they are in [0, 1] and sum to 1; expected logits; "
            "return what goes into the softmax, as in return keras.Model(model.input, logits)"
        )


def _reading(found: Labels, labels: Labels, how: str = "") -> Reading:
    return Reading(int((found == labels).sum()), len(labels), how)


def _reordered(found: Labels, labels: Labels, classes: Sequence[str]) -> list[Reading]:
    """Return the reading with the outputs in the order that fits best; none where that is the order of the classes."""
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (labels[::2], found[::2]), 1)
    _, outputs = linear_sum_assignment(confusion, maximize=True)
    moved = [
        (int(output), name)
        for label, (output, name) in enumerate(zip(outputs, classes, strict=True))
        if output != label
    ]
    how = f"other outputs for the class folders ({_named(moved)}): rename them to sort in the order of the outputs"
    return [_reading(found[1::2], outputs[labels[1::2]], how)] if moved else []


def _named(outputs: Iterable[tuple[int, str]]) -> str:
    texts = [f"{output} = {printable(name)}" for output, name in outputs]
    return ", ".join(texts[:NAMED_AT_MOST]) + (", ..." if len(texts) > NAMED_AT_MOST else "")
