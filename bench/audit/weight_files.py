"""Lists the arrays of a weight file, without running anything in it and before any array is read."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from bench.datasets.messages import printable
from bench.errors import BadInput, BenchError

WAY_OUT = (
    "in the program that has the network, write np.savez('weights.npz', *model.get_weights()) and give weights.npz"
)
NPY_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
KERAS_WEIGHTS = "model.weights.h5"
VARIABLE = "/.ATTRIBUTES/VARIABLE_VALUE"
# What a training keeps beside the weights: optimizer, metrics, counters, the seeds of Keras 3.
NOT_WEIGHTS = re.compile(
    r"(optimizer|metrics|compile_metrics|_compile_metrics|keras_api|save_counter|_CHECKPOINTABLE_OBJECT_GRAPH"
    r"|_all_variables)(/.*)?|(.*/)?seed_generator/vars/\d+"
)

Layout = Literal["list", "layers", "paths", "objects"]


@dataclass(frozen=True)
class StoredArray:
    """An array of a file. Its values are read by ``read``, while the file is open."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], NDArray[Any]]


@dataclass(frozen=True)
class Contents:
    """The arrays of a weight file.

    Args:
        layout: "list" of weights in the order of the network, with names or numbers; "layers" in the order of the network
            (Keras 2); "paths" to weights in a tree of layers (Keras 3); "objects" of a TensorFlow checkpoint. The last two
            have no order.
    """

    arrays: tuple[StoredArray, ...]
    layout: Layout


@contextmanager
def contents_of(path: Path, most_bytes: int) -> Iterator[Contents]:
    """Open a weight file: .npz, .h5, .weights.h5, .keras or a SavedModel folder.

    Of a whole model only the weights are taken: its configuration, graph and optimizer are not read. ``most_bytes`` bounds
    what is unpacked.

    Raises:
        BadInput: the file is missing, damaged, too large or of another format, or its arrays are no plain numbers.
    """
    with _damage_named(path), _format(path)(path, most_bytes) as contents:
        yield contents


def _format(path: Path) -> Callable[[Path, int], AbstractContextManager[Contents]]:
    kinds = {".npz": _npz, ".h5": _hdf5, ".hdf5": _hdf5, ".keras": _keras}
    if not path.exists():
        raise BadInput(f"expected a weight file, received {printable(path)!r}, which does not exist; check its path")
    if (path / "variables" / "variables.index").is_file():
        return _saved_model
    if path.is_file() and path.suffix.lower() in kinds:
        return kinds[path.suffix.lower()]
    raise BadInput(
        f"cannot take weights from {printable(path)!r}: expected an .npz, .h5, .weights.h5 or .keras file or a SavedModel "
        f"folder, because other formats can run code; {WAY_OUT}"
    )


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (BenchError, MemoryError):
        raise
    except Exception as error:  # zipfile, HDF5 and TensorFlow raise a dozen unrelated types on damaged files
        raise BadInput(
            f"cannot read {printable(path)!r}, {printable(error)[:200]}: expected a whole file of the format that its name "
            f"says; copy it again, or {WAY_OUT}"
        ) from error


@contextmanager
def _archive(path: Path, most_bytes: int) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(path) as archive:
        # A member yields no more bytes than it declares.
        declared = sum(member.file_size for member in archive.infolist())
        if declared > most_bytes:
            raise BadInput(
                f"{printable(path)!r} unpacks to {declared:,} bytes: expected at most {most_bytes:,} for this network; "
                f"{WAY_OUT}"
            )
        if damaged := archive.testzip():
            raise BadInput(f"{printable(path)!r} is damaged: {printable(damaged)!r} fails its checksum; copy it again")
        yield archive


@contextmanager
def _npz(path: Path, most_bytes: int) -> Iterator[Contents]:
    with _archive(path, most_bytes) as archive:
        yield Contents(tuple(_npy(path, archive, name) for name in archive.namelist()), "list")


def _npy(path: Path, archive: zipfile.ZipFile, name: str) -> StoredArray:
    with archive.open(name) as file:
        shape, _, dtype = NPY_HEADERS[np.lib.format.read_magic(file)](file)
    if dtype.hasobject:
        raise BadInput(
            f"{printable(path)!r} has Python objects in {printable(name)!r}, and to read them would run code: expected "
            f"arrays of numbers; {WAY_OUT}"
        )

    def read() -> NDArray[Any]:
        with archive.open(name) as file:
            array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
            return array

    return StoredArray(name.removesuffix(".npy"), shape, dtype, read)


@contextmanager
def _hdf5(path: Path, most_bytes: int) -> Iterator[Contents]:
    del most_bytes  # nothing is compressed, and every shape is checked before its array is read
    with h5py.File(path, "r") as file:
        yield _hdf5_contents(path, file)


@contextmanager
def _keras(path: Path, most_bytes: int) -> Iterator[Contents]:
    with _archive(path, most_bytes) as archive:
        if KERAS_WEIGHTS not in archive.namelist():
            raise BadInput(f"{printable(path)!r} has no {KERAS_WEIGHTS}: expected one, as Keras writes it; {WAY_OUT}")
        content = archive.read(KERAS_WEIGHTS)
    with h5py.File(io.BytesIO(content), "r") as file:
        yield _hdf5_contents(path, file)


def _hdf5_contents(path: Path, file: Any) -> Contents:
    items: dict[str, Any] = {}
    file.visititems(items.__setitem__)  # unlike file[name], it follows no link, so that no other file is opened
    folder = "model_weights/" if "model_weights" in items else ""
    root = items.get("model_weights", file)
    inside = {name.removeprefix(folder): item for name, item in items.items() if name.startswith(folder)}
    layers = _texts(root, "layer_names")
    if layers is None:
        datasets = [name for name, item in inside.items() if isinstance(item, h5py.Dataset)]
        names = [name for name in datasets if not NOT_WEIGHTS.fullmatch(name)]
    else:  # weights outside of layers come last
        groups = [*layers, *(name for name in ("top_level_model_weights",) if name in inside)]
        names = [f"{group}/{name}" for group in groups for name in _texts(inside[group], "weight_names") or ()]
    arrays = tuple(_dataset(path, name, inside[name]) for name in names)
    return Contents(arrays, "paths" if layers is None else "layers")


def _dataset(path: Path, name: str, dataset: Any) -> StoredArray:
    if dataset.external or dataset.is_virtual or dataset.chunks:
        raise BadInput(
            f"{printable(path)!r} has an external, virtual or chunked dataset, {printable(name)!r}: expected plain ones, "
            f"as Keras writes them; {WAY_OUT}"
        )
    return StoredArray(name, dataset.shape or (), dataset.dtype, partial(dataset.__getitem__, ()))


def _texts(group: Any, attribute: str) -> list[str] | None:
    """Return a list of names, which Keras splits where it is longer than an HDF5 attribute can be."""
    parts = [attribute] if attribute in group.attrs else []
    while f"{attribute}{len(parts)}" in group.attrs:
        parts.append(f"{attribute}{len(parts)}")
    found = [each for part in parts for each in group.attrs[part]]
    return [each.decode() if isinstance(each, bytes) else str(each) for each in found] if parts else None


@contextmanager
def _saved_model(path: Path, most_bytes: int) -> Iterator[Contents]:
    del most_bytes  # every shape is checked before its variable is read
    yield checkpoint_contents(path / "variables" / "variables")


def checkpoint_contents(prefix: Path) -> Contents:
    """Return the variables of a TensorFlow checkpoint, without those of the optimizer and the metrics."""
    reader = tf.train.load_checkpoint(str(prefix))
    types = reader.get_variable_to_dtype_map()
    arrays = tuple(
        StoredArray(
            key.removesuffix(VARIABLE),
            tuple(shape),
            np.dtype(types[key].as_numpy_dtype),
            partial(reader.get_tensor, key),
        )
        for key, shape in sorted(reader.get_variable_to_shape_map().items())
        if not NOT_WEIGHTS.fullmatch(key)
    )
    # An exported model keeps its variables as one list, in the order of the network.
    numbered = bool(arrays) and all(re.fullmatch(r"variables/\d+", each.name) for each in arrays)
    if numbered:
        arrays = tuple(StoredArray(each.name.rpartition("/")[2], each.shape, each.dtype, each.read) for each in arrays)
    return Contents(arrays, "list" if numbered else "objects")
