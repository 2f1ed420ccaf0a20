"""The formats of a deployed network, in one table."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import unknown
from bench.plugins import require

# float32 pixel levels (n, height, width, 3) -> float32 logits (n, classes)
Deployed = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class Format:
    """One row of the table.

    Args:
        suffix: of the file.
        place: the module with ``write(model, path)`` and ``load(path, threads)``.
        libraries: the modules that it needs, of the extra ``deploy``.
    """

    suffix: str
    place: str
    libraries: tuple[str, ...]

    def write(self, model: Any, path: Path) -> None:
        """Write a plain tf_keras ``model`` to ``path``, which is whole or not there."""
        self.check()
        part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
        try:
            pkgutil.resolve_name(self.place).write(model, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def load(self, path: Path, threads: int) -> Deployed:
        """Return the network in the file ``path``, run by its own runtime on ``threads`` threads."""
        self.check()
        found: Deployed = pkgutil.resolve_name(self.place).load(path, threads)
        return found

    def check(self) -> None:
        """Raise BadInput where a library is not installed."""
        require("this format", "deploy", *self.libraries)


FORMATS = {
    "tflite": Format(".tflite", "bench.deployment.tflite", ("ai_edge_litert",)),
    "onnx": Format(".onnx", "bench.deployment.onnx_file", ("tf2onnx", "onnxruntime")),
}


def format_named(name: str) -> Format:
    """Return a row of the table; BadInput where there is none of this name."""
    if name not in FORMATS:
        raise unknown("format", name, FORMATS)
    return FORMATS[name]
