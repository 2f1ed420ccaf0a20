"""A PyTorch file is read without running anything in it."""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.errors import IntegrityError
from bench.imagenet.torch_file import MAGIC, PROTOCOL, arrays_of

VALUES = np.arange(12, dtype=np.float32) / 7


class Storage:
    """Pickles as PyTorch names a storage."""


class Reduced:
    """Pickles as a call of ``function``."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.reduced = (function, arguments)

    def __reduce__(self) -> Any:
        return self.reduced


class Pickler(pickle.Pickler):
    def persistent_id(self, found: object) -> Any:
        return found.identity if isinstance(found, Stored) else None


class Stored:
    def __init__(self, key: str, count: int, kind: Any) -> None:
        self.identity = ("storage", kind, key, "cpu", count, None)


@pytest.fixture
def rebuild(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function and a storage class whose pickles name those of PyTorch, which is not installed."""
    names: dict[str, Any] = {}
    exec("def _rebuild_tensor_v2(*_): ...\nclass FloatStorage: ...\n", names)
    for module, name in (("torch._utils", "_rebuild_tensor_v2"), ("torch", "FloatStorage")):
        found = names[name]
        found.__module__ = module
        fake = type(sys)(module)
        setattr(fake, name, found)
        monkeypatch.setitem(sys.modules, module, fake)

    def tensor(key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], count: int = 12) -> Reduced:
        stored = Stored(key, count, names["FloatStorage"])
        return Reduced(names["_rebuild_tensor_v2"], stored, offset, shape, strides, False, OrderedDict())

    return tensor


def written(table: Any, keys: list[str], values: Any = VALUES) -> io.BytesIO:
    file = io.BytesIO()
    for each in (MAGIC, PROTOCOL, {"little_endian": True}):
        pickle.dump(each, file, 2)
    Pickler(file, 2).dump(table)
    pickle.dump(keys, file, 2)
    for _ in keys:
        file.write(len(values).to_bytes(8, "little") + values.tobytes())
    file.seek(0)
    return file


def test_the_arrays_come_back_with_their_axes(rebuild: Any) -> None:
    table = OrderedDict(plain=rebuild("7", 0, (3, 4), (4, 1)), turned=rebuild("7", 2, (2, 3), (1, 4)))
    found = arrays_of(written(table, ["7"]))
    np.testing.assert_array_equal(found["plain"], VALUES.reshape(3, 4))
    np.testing.assert_array_equal(found["turned"], VALUES.reshape(3, 4)[:, 2:].T)


@pytest.mark.parametrize("function", [os.system, eval, print, Path])
def test_a_file_that_runs_code_is_refused_and_runs_nothing(
    function: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "ran"
    argument = {os.system: f"touch {mark}", eval: f"open({str(mark)!r}, 'w')", print: "ran", Path: str(mark)}[function]
    with pytest.raises(IntegrityError, match="nothing that runs code"):
        arrays_of(written({"weight": Reduced(function, argument)}, []))
    assert not mark.exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((13,), (1,), 0), ((3, 4), (4, 2), 0), ((12,), (1,), 1), ((2,), (-1,), 1), ((-1,), (1,), 0), ((1,), (1,), -4)],
)
def test_a_tensor_beyond_its_storage_is_refused(
    rebuild: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> None:
    with pytest.raises(IntegrityError, match="does not lie in its storage"):
        arrays_of(written({"weight": rebuild("7", offset, shape, strides)}, ["7"]))


def test_a_damaged_file_is_refused(rebuild: Any) -> None:
    whole = written({"weight": rebuild("7", 0, (12,), (1,))}, ["7"]).getvalue()
    for length in range(0, len(whole), 7):
        with pytest.raises(IntegrityError):
            arrays_of(io.BytesIO(whole[:length]))
    with pytest.raises(IntegrityError, match="missing or too many"):
        arrays_of(written({"weight": rebuild("7", 0, (5,), (1,), 5)}, ["7"]))
    with pytest.raises(IntegrityError, match="something else than tensors"):
        arrays_of(written({"weight": 3}, []))
