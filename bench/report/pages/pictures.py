"""Pictures inside a page: as images, in which nothing can act, and no more of them than a page should weigh."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from bench.report.pages.compact_svg import compact

# What an attribute in double quotes may hold as it is; all else is written as %XX.
SAFE = " ='/:;,.()!*-_~@$+?"


def shown(images: Sequence[str]) -> list[str]:
    """Return of ``images``, names of files, one a picture: its SVG where there is one."""
    found: dict[str, str] = {}
    for image in images:
        name = PurePosixPath(image)
        if name.stem not in found or name.suffix == ".svg":
            found[name.stem] = image
    return list(found.values())


def data_uri(name: str, content: bytes) -> str:
    """Return the picture as the address of an image: an SVG made compact, a PNG as it is."""
    if name.endswith(".svg"):
        text = compact(content).decode().replace('"', "'")
        return f"data:image/svg+xml,{quote(text, safe=SAFE)}"
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def carried(sections: Sequence[Sequence[str]], read: Callable[[str], bytes], room: int) -> Mapping[str, str]:
    """Return the addresses of the pictures that a page carries, by the names of their files.

    ``sections``: the pictures of each figure, its two panels first. The panels are always there; of the others the second
    of every figure comes before the third of any, until one does not fit in ``room`` bytes.
    """
    ranked = sorted(
        ((place, number, name) for number, names in enumerate(sections) for place, name in enumerate(names)),
    )
    found: dict[str, str] = {}
    for place, _, name in ranked:
        address = data_uri(name, read(name))
        room -= len(address)
        if room < 0 and place > 1:
            break
        found[name] = address
    return found
