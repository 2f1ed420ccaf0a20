"""The methods of other packages that a run can name, offered under the entry point group ``bench.methods``.

An entry point names a frozen dataclass, a ``bench.methods.base.Method`` whose ``kind`` is the entry point's name. It is
imported when the network is trained, not when a run is read: reading records needs no TensorFlow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any

from bench.errors import BadInput, unknown
from bench.plugins import Plugins
from bench.spec.names import read, written


def _row(found: Any) -> Callable[..., Any]:
    if isinstance(found, type) and is_dataclass(found) and hasattr(found, "kind"):
        return found
    raise TypeError(f"expected a dataclass with a kind, received {found!r}")


METHODS = Plugins("bench.methods", {}, _row)


class MethodNames:
    """What ``--method`` can be: methods separated by commas, each with its settings."""

    def __str__(self) -> str:
        installed = ", ".join(sorted(METHODS)) or "none"
        return f"NAME or NAME(SETTING=VALUE,...), separated by commas; installed: {installed}"

    def check(self, where: str, value: object) -> None:
        """Raise BadInput where ``value`` has another form or names a method that is not installed."""
        for text in split(str(value)):
            name, _ = read(text, where)
            if not METHODS:
                raise BadInput(
                    f"unknown {where} {name!r}: no installed package offers a method; install the one that does"
                )
            if name not in METHODS:
                raise unknown(where, name, METHODS)


def canonical(text: str) -> str:
    """Return ``text`` without spaces and quotes, the settings of each method in order of name."""
    named = [read(part, "method") for part in split(text)]
    return ",".join(written(name, dict(sorted(settings.items()))) for name, settings in named)


def split(text: str) -> list[str]:
    """Return the methods that ``text`` lists: it is parted at the commas outside parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text)] if text.strip() else []
