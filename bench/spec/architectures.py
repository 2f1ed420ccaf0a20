"""The architectures that a run can name: built-in ones, those of other packages, and FILE.py:FUNCTION of the user."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import BadInput, BenchError, unknown
from bench.plugins import Plugins

if TYPE_CHECKING:  # the folder in the checkout, whose types mypy can read
    from architectures import ARCHITECTURES as BUILT_IN
    from architectures import Architecture
else:  # the package that is installed
    from bench.architectures import ARCHITECTURES as BUILT_IN
    from bench.architectures import Architecture

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "ArchitectureName",
    "architecture",
    "function_of",
    "head_of",
    "source_of",
    "title_of",
    "usual_spelling",
    "written",
]

SIGNATURE = "(input_shape, num_classes, *, conv, dense)"
FILE = re.compile(r"(?P<path>[^\s:]+\.py):(?P<function>[A-Za-z_]\w*)")


def _row(found: Any) -> Architecture:
    if isinstance(found, Architecture):
        return found
    if callable(found):
        return Architecture(f"{found.__module__}:{found.__qualname__}")
    raise TypeError(f"expected an Architecture or a function that builds a network, received {found!r}")


WRITTEN = {"resnet18": "ResNet18", "alexnet": "AlexNet", "alexnet-bn": "AlexNet with batch norm", "fc5": "FC5"}
# A package does best to offer an Architecture, from a module that does not import TensorFlow: a run reads its rates first.
ARCHITECTURES = Plugins("bench.architectures", BUILT_IN, _row)


class ArchitectureName:
    """What ``--arch`` can be: a name of the table, or a file with a function."""

    def __str__(self) -> str:
        return f"architecture: {', '.join(sorted(ARCHITECTURES))}, or FILE.py:FUNCTION"

    def check(self, where: str, value: object) -> None:
        """Raise BadInput, with the allowed names and the nearest, where ``value`` is neither."""
        if value in (None, ""):
            raise BadInput(f"{where} is missing: expected {self}")
        if FILE.fullmatch(str(value)) or value in ARCHITECTURES:
            return
        if ".py" in str(value):
            raise BadInput(f"{where} is {value!r}: expected FILE.py:FUNCTION, a path without spaces or colons")
        raise unknown(where, str(value), ARCHITECTURES, "bench run --help")


def architecture(name: str) -> Architecture:
    """Return the row of ``name``, with the default settings where it names a file. No file is read."""
    return Architecture(name) if FILE.fullmatch(name) else ARCHITECTURES[name]


def usual_spelling(name: str) -> str:
    """Return ``name``, for a file with the shortest spelling of its path: net.py:build for ./net.py:build."""
    found = FILE.fullmatch(name)
    return f"{os.path.normpath(found['path'])}:{found['function']}" if found else name


def head_of(name: str) -> str:
    """Return ``name`` as a run's name can begin: for a file its stem and the function."""
    found = FILE.fullmatch(name)
    if not found:
        return name
    return re.sub(r"[^a-z0-9]+", "-", f"{Path(found['path']).stem}-{found['function']}".lower()).strip("-") or "file"


def title_of(name: str) -> str:
    """Return ``name`` as a table shows it: for a file its function."""
    found = FILE.fullmatch(name)
    return found["function"] if found else name


def written(name: str) -> str:
    """Return ``name`` as the field writes it: ResNet18 for resnet18, and for a file its function."""
    return WRITTEN.get(name, title_of(name))


def source_of(name: str) -> str | None:
    """Return the sha256 of the file that ``name`` names, None for a name of the table; BadInput where it cannot be read."""
    found = FILE.fullmatch(name)
    if not found:
        return None
    try:
        return hashlib.sha256(Path(found["path"]).read_bytes()).hexdigest()
    except OSError as error:
        raise BadInput(
            f"cannot read {found['path']}: {error.strerror}; expected the Python file of {name}, "
            f"as a path from {Path.cwd()} or from the root"
        ) from error


def function_of(name: str, signature: str = SIGNATURE) -> Callable[..., Any]:
    """Return the function that builds the network ``name``. It and its file are imported now.

    ``signature``: how it will be called, for the message of an error.

    Raises:
        BadInput: the user's file has no such function or raises an error. The same holds for the function returned.
    """
    found = FILE.fullmatch(name)
    if not found:
        return ARCHITECTURES[name].function()
    path, wanted = found["path"], found["function"]
    module = vars(_blaming(path, _import, signature)(path, f"architecture_{source_of(name)}"))
    if not callable(module.get(wanted)):
        defined = [each for each, value in module.items() if callable(value) and not each.startswith("_")]
        raise unknown(f"function of {path}", wanted, defined)
    return _blaming(path, module[wanted], signature)


def _import(path: str, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # a dataclass looks its module up there
    spec.loader.exec_module(module)
    return module


def _blaming(path: str, function: Callable[..., Any], signature: str) -> Callable[..., Any]:
    """Return ``function`` with its errors as BadInput that names ``path`` and the line of it."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except (BenchError, MemoryError):
            raise
        except (Exception, SystemExit) as error:  # the user's code can raise anything
            frames = traceback.extract_tb(error.__traceback__)
            lines = [each.lineno for each in frames if Path(each.filename) == Path(path).absolute()]
            place = f"{path}, line {lines[-1]}" if lines else path
            raise BadInput(
                f"{place}: {type(error).__name__}: {error}; expected a function "
                f"{signature} that returns a tf_keras model"
            ) from error

    return call
