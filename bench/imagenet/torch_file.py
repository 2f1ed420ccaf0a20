"""Reads the arrays of a PyTorch file of weights and runs nothing in it.

Such a file has pickles, and a pickle is a program. Here its instructions are read one by one. Those that build lists, tables
and tensors are followed; at any other, the file is refused. No module that the file names is imported.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import IntegrityError

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
STORAGES = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}
TABLE, TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
NAMES = {*STORAGES, TABLE, TENSOR}


@dataclass(frozen=True)
class _Name:
    """The name of a function or class, as text."""

    text: str


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def arrays_of(file: IO[bytes]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a state dict by name, from a file as PyTorch wrote it before version 1.6.

    Raises:
        IntegrityError: the file is damaged, is of another format, or asks for anything else than tables of tensors.
    """
    try:
        if (_unpickled(file), _unpickled(file)) != (MAGIC, PROTOCOL):
            raise _refused("it does not begin as such a file")
        _unpickled(file)  # byte order and sizes of the machine that wrote it
        tensors, keys = _unpickled(file), _unpickled(file)
        stored = _stored(file, tensors, keys)
        return {name: _array(tensor, stored) for name, tensor in tensors.items()}
    except IntegrityError:
        raise
    except Exception as error:  # a damaged pickle fails in a dozen unrelated ways
        raise _refused(f"it is damaged ({type(error).__name__}: {error})") from error


def _refused(reason: str) -> IntegrityError:
    return IntegrityError(
        f"cannot take weights from the PyTorch file: {reason}; expected a table of tensors and nothing that runs code"
    )


def _stored(file: IO[bytes], tensors: Any, keys: Any) -> dict[str, NDArray[Any]]:
    """Read the numbers behind the pickles: for each key their count and the numbers."""
    if not isinstance(tensors, dict) or not all(isinstance(each, _Tensor) for each in tensors.values()):
        raise _refused("it has something else than tensors")
    storages = {each.storage.key: each.storage for each in tensors.values()}
    found = {}
    for key in keys:
        storage, count = storages[key], int.from_bytes(file.read(8), "little")
        dtype = np.dtype(storage.dtype)
        content = file.read(count * dtype.itemsize) if count == storage.count else b""
        if len(content) != storage.count * dtype.itemsize:
            raise _refused(f"the numbers of storage {key} are missing or too many")
        found[key] = np.frombuffer(content, dtype)
    return found


def _array(tensor: _Tensor, stored: dict[str, NDArray[Any]]) -> NDArray[Any]:
    flat = stored[tensor.storage.key][tensor.offset :]
    strides = [each * flat.itemsize for each in tensor.strides]
    return np.lib.stride_tricks.as_strided(flat, tensor.shape, strides, writeable=False).copy()


def _unpickled(file: IO[bytes]) -> Any:
    """Return the value of the next pickle. Only the instructions below are known."""
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}

    def since_mark() -> list[Any]:
        place = marks.pop()
        items = stack[place:]
        del stack[place:]
        return items

    def put(place: int) -> None:
        memo[place] = stack[-1]

    def set_items(items: list[Any]) -> None:
        stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def call() -> Any:
        arguments, function = stack.pop(), stack.pop()
        return _call(function, arguments)

    # Instruction -> what it does with its argument.
    steps: dict[str, Callable[[Any], None]] = {
        "PROTO": lambda _: None,
        **dict.fromkeys(("LONG1", "BININT", "BININT1", "BININT2", "BINUNICODE"), stack.append),
        "NONE": lambda _: stack.append(None),
        "NEWTRUE": lambda _: stack.append(True),
        "NEWFALSE": lambda _: stack.append(False),
        "EMPTY_DICT": lambda _: stack.append({}),
        "EMPTY_LIST": lambda _: stack.append([]),
        "EMPTY_TUPLE": lambda _: stack.append(()),
        "MARK": lambda _: marks.append(len(stack)),
        "TUPLE": lambda _: stack.append(tuple(since_mark())),
        "TUPLE1": lambda _: stack.append((stack.pop(),)),
        "TUPLE2": lambda _: stack.append(tuple(reversed([stack.pop(), stack.pop()]))),
        "APPEND": lambda _: (item := stack.pop(), stack[-1].append(item))[1],
        "APPENDS": lambda _: (items := since_mark(), stack[-1].extend(items))[1],
        "SETITEM": lambda _: set_items([stack.pop(), stack.pop()][::-1]),
        "SETITEMS": lambda _: set_items(since_mark()),
        **dict.fromkeys(("BINPUT", "LONG_BINPUT"), put),
        **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda place: stack.append(memo[place])),
        "GLOBAL": lambda name: stack.append(_known(name)),
        "BINPERSID": lambda _: stack.append(_storage(stack.pop())),
        "REDUCE": lambda _: stack.append(call()),
        "BUILD": lambda _: _attributes(stack.pop(), stack[-1]),
    }
    for instruction, argument, _ in pickletools.genops(file):
        if instruction.name == "STOP":
            return stack.pop()
        if instruction.name not in steps:
            raise _refused(f"it has the instruction {instruction.name}")
        steps[instruction.name](argument)
    raise _refused("it has no end")


def _known(name: str) -> _Name:
    if name not in NAMES:
        raise _refused(f"it names {name.replace(' ', '.')!r}")
    return _Name(name)


def _storage(identity: Any) -> _Storage:
    kind, storage, key, _device, count, view = identity
    if kind != "storage" or view is not None:
        raise _refused("it has views of storages")
    return _Storage(key, STORAGES[storage.text], count)


def _call(function: Any, arguments: tuple[Any, ...]) -> Any:
    if function == _Name(TABLE) and arguments == ():
        return {}
    if function != _Name(TENSOR):
        raise _refused(f"it calls {function}")
    storage, offset, shape, strides, *_ = arguments
    last = offset + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    if min(offset, *shape, *strides, 0) < 0 or min(shape, default=1) < 1 or last >= storage.count:
        raise _refused(f"a tensor of shape {shape} does not lie in its storage of {storage.count} numbers")
    return _Tensor(storage, offset, shape, strides)


def _attributes(state: Any, table: Any) -> None:
    """Pass over the attributes of a table: PyTorch keeps the versions of the layers there."""
    if not isinstance(state, dict) or not isinstance(table, dict):
        raise _refused("it sets attributes of something else than a table")
