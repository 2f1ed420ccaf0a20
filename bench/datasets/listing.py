"""Lists the images of a folder with one subfolder per class, in an order that is the same on every machine.

Labels follow from this order, so a layout that leaves it unclear is an error.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bench.datasets.messages import printable
from bench.errors import BadInput

SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True)
class Listing:
    """The image files of ``root/{train,val}/CLASS/``, as posix paths relative to ``root``.

    Args:
        classes: the sorted class ids, which are the last folders of the paths.
        train, val: sorted by class, then by file name. Sorting is by code point, so the locale does not matter.
        ignored: hidden files, files with another suffix, and whatever is not a regular file.
    """

    root: Path
    classes: tuple[str, ...]
    train: tuple[str, ...]
    val: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All images: those of train, then those of val."""
        return self.train + self.val


def list_images(root: Path) -> Listing:
    """List the images under ``root`` without opening a file.

    Raises: ``BadInput`` for a missing folder or split, an empty class, fewer than two classes, class folders that differ
        between the splits, and a class name that cannot be printed.
    """
    ignored: list[str] = []
    try:
        train, val = _split(root, "train", ignored), _split(root, "val", ignored)
    except OSError as error:
        raise _unlisted(root, error) from error
    _check_same(root, set(train), set(val))
    _check_classes(root / "train", train)
    return Listing(root, tuple(train), _flat(train), _flat(val), tuple(ignored))


def list_val(root: Path) -> Listing:
    """List the images of ``root/val/CLASS/``, or of ``root/CLASS/`` where there is no ``val/``; train is empty.

    Raises: ``BadInput`` for a missing folder, an empty class, fewer than two classes, and a class name that cannot be
        printed.
    """
    ignored: list[str] = []
    try:
        if not root.is_dir():
            raise BadInput(
                f"expected CLASS/ or val/CLASS/ under {printable(root)!r}, received no such data folder; check --data-dir"
            )
        split = "val" if (root / "val").is_dir() else ""
        val = _split(root, split, ignored)
    except OSError as error:
        raise _unlisted(root, error) from error
    _check_classes(root / split, val)
    return Listing(root, tuple(val), (), _flat(val), tuple(ignored))


def _unlisted(root: Path, error: OSError) -> BadInput:
    return BadInput(f"cannot list the data folder {printable(root)!r}: {error.strerror}; check --data-dir")


def _flat(classes: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(name for names in classes.values() for name in names)


def _split(root: Path, split: str, ignored: list[str]) -> dict[str, list[str]]:
    if not (root / split).is_dir():
        found = "no such folder in it" if root.is_dir() else "no such data folder"
        raise BadInput(
            f"expected train/CLASS/ and val/CLASS/ under {printable(root)!r}, received {found} ({split}/ is missing);"
            " check --data-dir"
        )
    classes: dict[str, list[str]] = {}
    for entry in _sorted(root / split):
        name = str(PurePosixPath(split, entry.name))
        if entry.name.startswith(".") or not entry.is_dir():
            ignored.append(name)
        else:
            classes[entry.name] = _images(root, name, ignored)
    return classes


def _images(root: Path, folder: str, ignored: list[str]) -> list[str]:
    images: list[str] = []
    for entry in _sorted(root / folder):
        suffix = Path(entry.name).suffix.lower()
        counts = suffix in SUFFIXES and not entry.name.startswith(".") and entry.is_file()
        (images if counts else ignored).append(f"{folder}/{entry.name}")
    if not images:
        raise BadInput(
            f"expected at least one {', '.join(sorted(SUFFIXES))} file in {printable(folder)!r} of"
            f" {printable(root)!r}, received none; add images, or remove the class."
            " Images lie in CLASS/, or in train/CLASS/ and val/CLASS/"
        )
    return images


def _sorted(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _check_same(root: Path, train: set[str], val: set[str]) -> None:
    for split, extra in (("train", train - val), ("val", val - train)):
        if extra:
            raise BadInput(
                f"expected the same class folders in train and val of {printable(root)!r}, received"
                f" {', '.join(map(printable, sorted(extra)))} in {split} only; add or remove the folder"
            )


def _check_classes(folder: Path, classes: Collection[str]) -> None:
    if len(classes) < 2:
        raise BadInput(f"expected two or more class folders in {printable(folder)!r}, received {len(classes)}")
    if odd := [name for name in classes if not name.isprintable()]:
        raise BadInput(f"expected printable class names, received {printable(odd[0])!r}; rename the folder")
