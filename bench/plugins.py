"""Adds to a table of the suite what other installed packages offer through entry points.

Every table that users can extend is made by ``plugins``: ``DATASETS = plugins("bench.datasets", {...}, accept)``.
"""

from __future__ import annotations

import re
from collections import UserDict
from collections.abc import Callable, ItemsView, Mapping, ValuesView
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from bench.errors import BadInput

T = TypeVar("T")
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def plugins(group: str, built_in: Mapping[str, T], accept: Callable[[Any], T]) -> Table[T]:
    """Return the table of ``built_in`` and of the entry points of ``group``.

    An entry point is imported when its name is first used, so a slow or a broken package costs nothing before that.

    Args:
        group: the name of the entry-point group, as ``bench.datasets``.
        built_in: the suite's own rows.
        accept: turns the object that an entry point names into a row of the table. It raises an exception where the
            object is of the wrong kind.
    """
    rows: dict[str, Any] = dict(built_in)
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, []).append(point)
    for name, points in found.items():
        rows[name] = _Offer(points, name in built_in, accept)
    return Table(rows)


class Table(UserDict[str, T]):
    """A dictionary that imports the rows of other packages when they are used.

    ``table[name]`` raises BadInput, which names the package and the reason, where the row cannot be used. ``items`` and
    ``values`` import every row and leave out those that cannot be used.
    """

    def __getitem__(self, name: str) -> T:
        row = self.data[name]
        if isinstance(row, _Offer):
            row = self.data[name] = row.load()
        return row

    def items(self) -> ItemsView[str, T]:
        """Return the names and rows that can be used."""
        return self._usable().items()

    def values(self) -> ValuesView[T]:
        """Return the rows that can be used."""
        return self._usable().values()

    def _usable(self) -> dict[str, T]:
        rows: dict[str, T] = {}
        for name in self:
            try:
                rows[name] = self[name]
            except BadInput:
                continue
        return rows


class _Offer(Generic[T]):
    """The entry points of one name, before their import."""

    def __init__(self, points: list[EntryPoint], taken: bool, accept: Callable[[Any], T]) -> None:
        self._points, self._taken, self._accept = points, taken, accept

    def load(self) -> T:
        """Import the object and return its row."""
        first = self._points[0]
        packages = ", ".join(str(point.dist.name if point.dist else point.value) for point in self._points)
        place = f"{first.name!r} of {first.group}, from the package {packages}"
        if self._taken or len(self._points) > 1:
            owner = "bench itself has this name" if self._taken else "several packages have this name"
            raise BadInput(f"cannot use {place}: {owner}; rename the entry point, or uninstall the package")
        if not NAME.fullmatch(first.name):
            raise BadInput(f"cannot use {place}: expected a name of small letters, digits and hyphens; rename it")
        try:
            return self._accept(first.load())
        except Exception as error:  # another package's code can raise anything
            reason = f"{type(error).__name__}: {error}"
            raise BadInput(f"cannot use {place} ({first.value}): {reason}; update or uninstall the package") from error
