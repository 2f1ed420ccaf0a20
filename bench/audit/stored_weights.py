"""Gives a network the weights of a file, where it is beyond doubt which array belongs to which weight."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audit.weight_files import WAY_OUT, Contents, Layout, StoredArray, checkpoint_contents, contents_of
from bench.datasets.messages import printable
from bench.errors import BadInput

# A file can unpack to so many times the bytes of the network: float64 and the state of an optimizer. Up to ALWAYS_READ
# bytes it is read for any network, so that the message is about the weight that differs.
LARGEST_FILE = 8
ALWAYS_READ = 2**30


def restore(model: Any, path: Path) -> None:
    """Set the weights of ``model`` to those of the file at ``path``.

    Arrays are told by name where the file has the names of all weights. Else they are taken in order, where they have no
    names (``arr_0``, ``arr_1``, ...) or the last part of each name (``kernel``, ``gamma``) is that of the weight.

    Raises:
        BadInput: the file cannot be read or does not fit. The message names the first weight that differs.
    """
    size = sum(weight.dtype.size * int(np.prod(weight.shape)) for weight in model.weights)
    with contents_of(path, max(LARGEST_FILE * size, ALWAYS_READ)) as contents:
        stored = _of_each_weight(model, path, contents)
        values = [_value(path, weight, each) for weight, each in zip(model.weights, stored, strict=True)]
    model.set_weights(values)


def _of_each_weight(model: Any, path: Path, contents: Contents) -> list[StoredArray]:
    """Return the array of each weight of ``model``, in their order."""
    places = _places(model, path, contents.layout)
    names = [_plain(name) for name, _ in places]
    found = {_plain(each.name): each for each in contents.arrays}
    numbered = all(re.fullmatch(r"(arr_)?\d+", name) for name in found)
    arrays: Sequence[StoredArray | None] = contents.arrays
    if contents.layout in ("paths", "objects") or (found.keys() == set(names) and len(found) == len(places)):
        arrays = [*map(found.get, names), *(found[name] for name in sorted(found.keys() - set(names)))]
    elif numbered:
        arrays = [found[name] for name in sorted(found, key=lambda name: int(name.removeprefix("arr_")))]
    result: dict[int, StoredArray] = {}
    for place, array in zip_longest(places, arrays):
        name, index = place or ("", None)
        if index is None or array is None or not _fits(model.weights[index], name, array, numbered):
            raise _misfit(path, model.weights, index, array, len(contents.arrays))
        result[index] = array
    return [result[index] for index in range(len(model.weights))]


def _fits(weight: Any, name: str, array: StoredArray, numbered: bool) -> bool:
    return array.shape == tuple(weight.shape) and (numbered or _kind(array.name) == _kind(name))


def _misfit(path: Path, weights: Sequence[Any], index: int | None, array: StoredArray | None, count: int) -> BadInput:
    expected = "no more" if index is None else f"{_plain(weights[index].name)!r} of shape {tuple(weights[index].shape)}"
    received = f"{printable(array.name)!r} of shape {array.shape}" if array else "none"
    return BadInput(
        f"{printable(path)!r} does not fit the network: expected {expected}, received {received} "
        f"({len(weights)} weights in the network, {count} in the file); give the weights of this network, or {WAY_OUT}"
    )


def _places(model: Any, path: Path, layout: Layout) -> list[tuple[str, int]]:
    """Return the name that each weight of ``model`` has in a file of this layout, and its index, in the order of the file.

    A file without an order is taken in the order of the network. Keras derives some names from classes and attributes, so
    the network itself is saved, each weight filled with its index.
    """
    if layout == "list":
        return [(weight.name, index) for index, weight in enumerate(model.weights)]
    shapes = [tuple(weight.shape) for weight in model.weights]
    model.set_weights([np.full(shape, index) for index, shape in enumerate(shapes)])
    unclear = BadInput(f"cannot tell which array of {printable(path)!r} is which weight of this network; {WAY_OUT}")
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, {"layers": "network.h5", "paths": "network.weights.h5", "objects": "network"}[layout])
        try:
            model.save_weights(saved, save_format="tf" if layout == "objects" else "h5")
        except ValueError as error:  # two weights of one name
            raise unclear from error
        if layout == "objects":
            values = [(each.name, each.read()) for each in checkpoint_contents(saved).arrays]
        else:
            with contents_of(saved, 0) as contents:
                values = [(each.name, each.read()) for each in contents.arrays]
    places = [(name, int(value.flat[0])) for name, value in values]
    whole = all((value == index).all() for (_, value), (_, index) in zip(values, places, strict=True))
    if not whole or {index for _, index in places} != set(range(len(shapes))):
        raise unclear
    return places if layout == "layers" else sorted(places, key=lambda place: place[1])


def _plain(name: str) -> str:
    """Return the name of a weight without the suite's number before it and TensorFlow's after it."""
    return re.sub(r"^\d{3,} ", "", name).replace("|", "/").removesuffix(":0")


def _kind(name: str) -> str:
    return _plain(name).rpartition("/")[2]


def _value(path: Path, weight: Any, array: StoredArray) -> NDArray[Any]:
    wanted = np.dtype(weight.dtype.as_numpy_dtype)
    if array.dtype.kind != wanted.kind:
        raise BadInput(
            f"{printable(path)!r} has {printable(array.name)!r} in {array.dtype}: expected {wanted} for the weight "
            f"{weight.name}; {WAY_OUT}"
        )
    with np.errstate(over="ignore"):
        value = array.read().astype(wanted)
    if not np.isfinite(value).all():
        raise BadInput(
            f"{printable(path)!r} has NaN or infinity in {printable(array.name)!r}: expected finite numbers; take weights "
            "from before the training diverged"
        )
    return value
