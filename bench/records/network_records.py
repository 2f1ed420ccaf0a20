"""The records of one kind that belong to the network of a run, each with arrays beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic

from bench.errors import IntegrityError, Unreadable
from bench.records.files import Arrays, write_arrays
from bench.records.schema import TrainingRecord
from bench.records.typed_files import WithArrays, is_there, read_with_arrays, records_in, write_with_arrays

GALLERY = ".gallery.npz"


class NetworkRecords(Generic[WithArrays]):
    """The records of one kind in a folder of a run: <name>.json, its arrays as <name>.npz, its images as <name>.gallery.npz.

    A record belongs to the network if it is of the weights and the images in the record of the training.

    Args:
        folder: where they are.
        kind: the type of the records.
        again: the verb of what makes such a record, for an error.
        training: returns the record of the training; None where there is none.
    """

    def __init__(
        self, folder: Path, kind: type[WithArrays], again: str, training: Callable[[], TrainingRecord | None]
    ) -> None:
        self.folder = folder
        self._kind: type[WithArrays] = kind
        self._again = again
        self._training = training

    def path(self, name: object) -> Path:
        """Return where the record ``name`` is, or will be."""
        return self.folder / f"{name}.json"

    def get(self, name: object) -> tuple[WithArrays, Arrays] | None:
        """Return a record of the network with its arrays; None where there is none.

        Raises:
            IntegrityError: the record or its arrays are damaged.
        """
        path = self.path(name)
        if not is_there(path):
            return None
        found, training = read_with_arrays(path, self._kind), self._training()
        return found if training and training.fits(found[0]) else None

    def all(self) -> dict[str, WithArrays]:
        """Return every record of the network by its name.

        Raises:
            IntegrityError: a record or its arrays are damaged.
        """
        found = {path.stem: read_with_arrays(path, self._kind)[0] for path in records_in(self.folder)}
        training = self._training() if found else None
        return {name: each for name, each in found.items() if training and training.fits(each)}

    def each(self, training: TrainingRecord) -> Iterator[tuple[WithArrays, Arrays] | IntegrityError]:
        """Yield every record with its arrays, in order of name, or the error that hides it.

        A record that is not of the network of ``training`` is such an error.
        """
        try:
            paths = records_in(self.folder)
        except Unreadable as error:
            yield error
            return
        for path in paths:
            try:
                found = read_with_arrays(path, self._kind)
            except IntegrityError as error:
                yield error
                continue
            yield found if training.fits(found[0]) else of_another_network(path, self._again)

    def write(self, name: object, record: WithArrays, arrays: Arrays) -> WithArrays:
        """Write the arrays, then the record that names their hash; return the record."""
        return write_with_arrays(self.path(name), record, arrays)

    def gallery(self, name: object) -> Path:
        """Return where the images of the record ``name`` are. No record names them, and they may be gone."""
        return self.folder / f"{name}{GALLERY}"

    def galleries(self) -> list[Path]:
        """Return the files of images, in order of name."""
        return sorted(self.folder.glob(f"[!.]*{GALLERY}"))

    def write_gallery(self, name: object, images: Arrays) -> None:
        """Write the images of the record ``name``."""
        write_arrays(self.gallery(name), images, compress=True)


def of_another_network(path: Path, again: str) -> IntegrityError:
    """Return the error of a record at ``path`` that is not of the network beside it, with what to do ``again``."""
    return IntegrityError(f"{path} is of other weights or images than those of run.json: {again} again", path)
