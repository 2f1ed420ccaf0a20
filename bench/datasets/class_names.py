"""The classes of a network by their ids and by their names in words."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from bench.datasets.imagenette import CLASSES
from bench.errors import BadInput

NEAR = 5  # classes that an error proposes
FEW = 10  # so many classes, or fewer, are all named where none is near


@dataclass(frozen=True)
class ClassNames:
    """The classes of a network, in the order of its outputs.

    Args:
        ids: the id of each class, such as a WordNet id or the name of a folder.
        names: the names of each class, the one to show first.
    """

    ids: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> str:
        """Return the name to show of the class ``index``."""
        return self.names[index][0]

    def find(self, text: str) -> int:
        """Return the index of the class with this id or name; upper and lower case are the same.

        Raises:
            BadInput: no class has it, or several have. The message has the nearest classes.
        """
        wanted = text.strip().casefold()
        if not wanted:
            raise BadInput("the class has no name: expected one, as in 'golf ball', or an id")
        found = [index for index in range(len(self)) if wanted in self._spellings(index)]
        if len(found) == 1:
            return found[0]
        if found:
            raise BadInput(f"{len(found)} classes are called {text!r}: expected the id of one, {self._listed(found)}")
        near = self._near(wanted)
        hint = f"; near are {self._listed(near)}" if near else ""
        if not near and len(self) <= FEW:
            hint = f", {self._listed(range(len(self)))}"
        raise BadInput(f"unknown class {text!r}: expected the name or the id of one of {len(self):,} classes{hint}")

    def _spellings(self, index: int) -> list[str]:
        return [each.casefold() for each in (self.ids[index], *self.names[index])]

    def _near(self, wanted: str) -> list[int]:
        holders: dict[str, int] = {}
        for index in range(len(self)):
            for spelling in self._spellings(index):
                holders.setdefault(spelling, index)
        with_it = [spelling for spelling in holders if len(wanted) > 2 and wanted in spelling]
        alike = difflib.get_close_matches(wanted, list(holders), n=NEAR, cutoff=0.6)
        return list(dict.fromkeys(holders[each] for each in (*with_it, *alike)))[:NEAR]

    def _listed(self, indices: Sequence[int]) -> str:
        named = [(self[index], self.ids[index]) for index in indices]
        return ", ".join(name if name == own else f"{name} ({own})" for name, own in named)


def name_of(identifier: str) -> str:
    """Return the name of a class in words: "tench" for n01440764, and any other as it is."""
    return CLASSES.get(identifier, identifier)


def names_of(ids: Sequence[str]) -> ClassNames:
    """Return the classes of a data set by the ids of their folders; Imagenette's have names in words."""
    return ClassNames(tuple(ids), tuple((name_of(each),) for each in ids))
