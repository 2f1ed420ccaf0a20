"""Figures into files: the same figure gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from bench.records.files import write_bytes
from bench.report.figures.style import STYLE, settle
from bench.report.panels import KINDS

# No time and no version in the bytes. Level 3 packs a PNG of lines and text as small as the default, in two thirds of the time.
OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
}
# Verdana is as wide, for readers without the first font.
FONTS = (b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, sans-serif")


def save(output: Path, name: str, figure: Figure, kinds: Sequence[str]) -> tuple[str, ...]:
    """Write ``figure`` as figures/<name>.<kind> below ``output`` for each of ``kinds``, and return these names."""
    return tuple(f"figures/{path.name}" for path in write(output / "figures" / name, figure, kinds))


def write(stem: Path, figure: Figure, kinds: Sequence[str] = KINDS) -> list[Path]:
    """Write ``figure`` as <stem>.<kind> for each of ``kinds``; return the paths."""
    found = {stem.with_name(f"{stem.name}.{kind}"): content for kind, content in render(figure, kinds).items()}
    for path, content in found.items():
        write_bytes(path, content)
    return list(found)


def render(figure: Figure, kinds: Sequence[str] = KINDS) -> dict[str, bytes]:
    """Return the bytes of ``figure`` by kind, png or svg."""
    found = {}
    with matplotlib.rc_context(STYLE):
        settle(figure)
        for kind in kinds:
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, **OPTIONS[kind])
            found[kind] = buffer.getvalue().replace(*FONTS) if kind == "svg" else buffer.getvalue()
    return found
