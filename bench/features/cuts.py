"""Where a network is cut: the layers whose output can serve as features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tf_keras as keras
from numpy.typing import NDArray

from bench.errors import unknown

BATCH = 64
PROPOSED = 4
# Layers after which a block of a usual network ends.
ENDS = (keras.layers.ReLU, keras.layers.Activation, keras.layers.Add, keras.layers.MaxPooling2D)


def cuts_of(model: Any) -> list[str]:
    """Return the names of the layers whose output is a map, (n, height, width, channels), or a vector, in their order.

    The first, which is the image, and the last, which is the logits, are left out.
    """
    return [each.name for each in model.layers[1:-1] if len(_shape(each)) in (2, 4)]


def default_cuts(model: Any) -> list[str]:
    """Return up to ``PROPOSED`` cuts: what the classifier, the last layer with weights, gets, and ends of blocks before.

    The ends are at even distances, from a quarter to three quarters of all: averaged, the last is what the classifier gets.
    """
    weighted = [place for place, each in enumerate(model.layers) if each.weights]
    trunk = model.layers[: weighted[-1]]
    known = set(cuts_of(model))
    before = [each.name for each in trunk if each.name in known and not isinstance(each, keras.layers.Dropout)]
    last = before[-1:]
    ends = [name for name in before if isinstance(model.get_layer(name), ENDS) and name not in last]
    count = min(PROPOSED - 1, len(ends))
    places = [int(each) for each in np.linspace(len(ends) / 4, 3 * len(ends) / 4, count)]
    return list(dict.fromkeys([*(ends[place] for place in places), *last]))


def check_cuts(model: Any, cuts: Sequence[str]) -> None:
    """Raise BadInput, with the known names, where a cut is no layer whose output can serve as features."""
    known = cuts_of(model)
    for name in cuts:
        if name not in known:
            raise unknown("layer to cut at", name, known)


def pooled(model: Any, cut: str) -> Any:
    """Return the symbolic features at ``cut``, (n, features): a map is averaged over height and width."""
    output = model.get_layer(cut).output
    return keras.layers.GlobalAveragePooling2D()(output) if len(output.shape) == 4 else output


def features_at(model: Any, cuts: Sequence[str], images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return the features of ``images`` at each cut, float32, (n, features), from one pass.

    Args:
        images: uint8, (n, height, width, 3).
    """
    trunk = keras.Model(model.input, [pooled(model, cut) for cut in cuts])
    found: list[list[NDArray[np.float32]]] = []
    for start in range(0, len(images), BATCH):
        outputs = trunk(images[start : start + BATCH].astype(np.float32), training=False)
        found.append([each.numpy() for each in (outputs if isinstance(outputs, list) else [outputs])])
    return {cut: np.concatenate([part[place] for part in found]) for place, cut in enumerate(cuts)}


def _shape(layer: Any) -> tuple[Any, ...]:
    """Return the shape of the output of ``layer``; empty where it has several."""
    shape = layer.output_shape
    return shape if isinstance(shape, tuple) else ()
