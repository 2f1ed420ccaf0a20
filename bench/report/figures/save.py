"""Figures into files. Drawing one takes longer than all of its numbers: a large report draws in processes beside its own."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import TracebackType
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from bench.errors import TryLater
from bench.records.files import write_bytes
from bench.report.figures.style import STYLE
from bench.report.panels import KINDS

METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
FONTS = (
    b"'DejaVu Sans'",
    b"'DejaVu Sans', Verdana, sans-serif",
)  # the second is as wide, for readers without the first
WORKERS = 2  # each takes 100 MB
FEW = 4  # groups drawn before the processes would be up


class Press:
    """Writes figures below ``output``/figures; every file is there when the context that it makes is left.

    With more than a few ``groups`` to come, two processes draw and this one goes on with the numbers. The bytes are the
    same either way.
    """

    def __init__(self, output: Path, groups: int) -> None:
        self.output = output
        self._pool: ProcessPoolExecutor | None = None
        self._drawn: list[Future[None]] = []
        if groups > FEW and (os.cpu_count() or 1) > 1:
            self._pool = ProcessPoolExecutor(WORKERS, get_context("spawn"), _leave_interrupts)

    def __enter__(self) -> Press:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is None:
            return
        self._pool.shutdown(cancel_futures=error is not None)
        try:
            for each in self._drawn if error is None else ():
                each.result()
        except BrokenProcessPool as broken:
            raise TryLater("a process that drew figures was killed, as where memory runs out: run it again") from broken

    def save(self, name: str, figure: Figure, kinds: Sequence[str]) -> list[Path]:
        """Write ``figure`` as <name>.<kind> for each of ``kinds`` and return the paths."""
        paths = [self.output / "figures" / f"{name}.{kind}" for kind in kinds]
        if self._pool is None:
            _write(figure, paths)
        else:
            # Made bytes here and now: the pool would do it in a thread, while the next figure is drawn.
            content = bytes(ForkingPickler.dumps(figure))
            self._drawn.append(self._pool.submit(_unpack, content, paths))
        return paths


def render(figure: Figure, kinds: Sequence[str] = KINDS) -> dict[str, bytes]:
    """Return the bytes of ``figure`` by kind, png or svg: the same for the same figure."""
    found = {}
    with matplotlib.rc_context(STYLE):
        for kind in kinds:
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, metadata=METADATA[kind])
            found[kind] = buffer.getvalue().replace(*FONTS) if kind == "svg" else buffer.getvalue()
    return found


def _write(figure: Figure, paths: Sequence[Path]) -> None:
    contents = render(figure, [path.suffix[1:] for path in paths])
    for path in paths:
        write_bytes(path, contents[path.suffix[1:]])


def _unpack(content: bytes, paths: Sequence[Path]) -> None:
    _write(ForkingPickler.loads(content), paths)


def _leave_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the report's own process stops the others
