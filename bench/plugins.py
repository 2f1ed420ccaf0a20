"""What other packages bring: rows for a table of the suite, through entry points, and the libraries of its extras."""

from __future__ import annotations

import re
from collections import UserDict
from collections.abc import Callable, ItemsView, Mapping, Sequence, ValuesView
from contextlib import suppress
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any, TypeVar

from bench.errors import BadInput

T = TypeVar("T")
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


class Plugins(UserDict[str, T]):
    """The rows of ``built_in`` and those that the entry points of ``group`` name, each imported when it is first used.

    ``table[name]`` raises BadInput, which names the package and the reason, where the row cannot be used. ``items`` and
    ``values`` import every row and leave out those that cannot be used. ``accept`` turns the object that an entry point
    names into a row, and raises an exception where it is of the wrong kind.
    """

    def __init__(self, group: str, built_in: Mapping[str, T], accept: Callable[[Any], T]) -> None:
        super().__init__(built_in)
        self._accept = accept
        self._offers: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=group):
            self._offers.setdefault(point.name, []).append(point)
        self._taken = self._offers.keys() & built_in.keys()
        self.data: dict[str, Any] = {**built_in, **dict.fromkeys(self._offers)}  # None: not imported yet

    def __getitem__(self, name: str) -> T:
        if self.data[name] is None:
            self.data[name] = self._imported(name, self._offers[name])
        found: T = self.data[name]
        return found

    def packages(self, name: str) -> dict[str, str]:
        """Return the version of each package that offers ``name``, by its name; empty for a built-in row. None is imported."""
        return {point.dist.name: point.dist.version for point in self._offers.get(name, []) if point.dist}

    def items(self) -> ItemsView[str, T]:
        """Return the names and rows that can be used."""
        rows: dict[str, T] = {}
        for name in self:
            with suppress(BadInput):
                rows[name] = self[name]
        return rows.items()

    def values(self) -> ValuesView[T]:
        """Return the rows that can be used."""
        return dict(self.items()).values()

    def _imported(self, name: str, points: Sequence[EntryPoint]) -> T:
        first = points[0]
        packages = ", ".join(str(point.dist.name if point.dist else point.value) for point in points)
        place = f"cannot use {name!r} of {first.group}, from the package {packages}"
        if name in self._taken or len(points) > 1:
            owner = "bench itself has this name" if name in self._taken else "several packages have this name"
            raise BadInput(f"{place}: {owner}; rename the entry point, or uninstall the package")
        if not NAME.fullmatch(name):
            raise BadInput(f"{place}: expected a name of small letters, digits and hyphens; rename it")
        try:
            return self._accept(first.load())
        except Exception as error:  # another package's code can raise anything
            reason = f"{type(error).__name__}: {error}"
            raise BadInput(f"{place} ({first.value}): {reason}; update or uninstall the package") from error


def require(what: str, extra: str, *modules: str) -> None:
    """Raise BadInput where one of ``modules`` is not installed.

    Args:
        what: what needs them, as the start of a sentence.
        extra: the extra of this suite that installs them.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise BadInput(
            f"{what} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed: "
            f"pip install 'bench-robustness[{extra}]'"
        )
