"""Loads a data set from a folder with one subfolder per class."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.datasets.base import Dataset, Split
from bench.datasets.fingerprint import in_both_splits
from bench.datasets.listing import Listing, list_images, list_val
from bench.datasets.loading import Pixels, read_pixels
from bench.datasets.messages import Count, Report, printable, silent
from bench.errors import BadInput

NAMED_AT_MOST = 10


class BrokenImages(BadInput):
    """Images that cannot be decoded and may not be left out."""


@contextmanager
def or_skipped() -> Iterator[None]:
    """Offer ``--skip-broken`` where the block comes upon broken images. It is for commands that have this option."""
    try:
        yield
    except BrokenImages as error:
        raise BrokenImages(f"{error}, or leave them out with --skip-broken") from error


def load(
    image_size: int, data_dir: Path | None, skip_broken: bool, report: Report, progress: Count = silent
) -> Dataset:
    """Load ``data_dir/{train,val}/CLASS/*.{jpg,jpeg,png}``, cropped to squares of ``image_size`` pixels.

    Raises: ``BadInput`` without a ``data_dir`` and for a folder of another layout, ``BrokenImages`` for broken images unless
        ``skip_broken``.
    """
    if data_dir is None:
        raise BadInput(
            "expected --data-dir DIR with train/CLASS/ and val/CLASS/ for the data set 'folder', received none"
        )
    return read("folder", list_images(data_dir), image_size, skip_broken, report, progress)


def images_of(
    data_dir: Path, image_size: int, report: Report, progress: Count, *, skip_broken: bool = False
) -> Dataset:
    """Load ``data_dir/val/CLASS/*.{jpg,jpeg,png}``, or ``data_dir/CLASS/*`` where there is no ``val/``.

    The images are decoded and cropped as those of ``load``, and a label is an index into the sorted names of the class
    folders. ``train`` is empty.

    Raises: ``BadInput`` for a folder of another layout, ``BrokenImages`` for broken images unless ``skip_broken``.
    """
    return read("folder", list_val(data_dir), image_size, skip_broken, report, progress)


def read(name: str, listing: Listing, image_size: int, skip_broken: bool, report: Report, progress: Count) -> Dataset:
    """Decode the images of a listing into a data set called ``name``.

    A val image that is also in train is reported. With ``skip_broken``, broken images are left out and listed in
    ``Dataset.skipped``.

    Raises: ``BrokenImages`` for broken images without ``skip_broken``, ``BadInput`` when a class has no other images in a split.
    """
    pixels = read_pixels(listing, image_size, report, progress)
    if leaks := in_both_splits(listing, pixels.digests):
        train_name, val_name = map(printable, leaks[0])
        report(f"{len(leaks)} val images are also in train, first {val_name} = {train_name}: see bench data verify")
    names = listing.names
    skipped = tuple(f"{printable(names[row])}: {reason}" for row, reason in pixels.broken.items())
    if skipped and not skip_broken:
        raise _broken(listing, skipped)
    train, val = _split(listing, pixels, listing.train, 0), _split(listing, pixels, listing.val, len(listing.train))
    for label, name_of_class in enumerate(listing.classes):
        if (listing.train and label not in train.labels) or label not in val.labels:
            raise BadInput(
                f"no image is left of the class {name_of_class!r}: all of them in train or in val are broken;"
                " replace them, or remove the class"
            )
    return Dataset(name, train, val, listing.classes, pixels.fingerprint, skipped)


def _split(listing: Listing, pixels: Pixels, files: tuple[str, ...], first: int) -> Split:
    kept = {first + row: name for row, name in enumerate(files) if first + row not in pixels.broken}
    label = {name: index for index, name in enumerate(listing.classes)}
    images = pixels.images[first : first + len(files)]
    return Split(
        # The slice is a view: when no image is broken, nothing is copied.
        images=images if len(kept) == len(files) else pixels.images[list(kept)],
        labels=np.array([label[name.split("/")[-2]] for name in kept.values()], np.int64),
        names=tuple(map(printable, kept.values())),
    )


def _broken(listing: Listing, lines: tuple[str, ...]) -> BrokenImages:
    listed = "List them all with bench data verify" if listing.train else "Replace or remove them"
    more = f"; and {len(lines) - NAMED_AT_MOST} more" if len(lines) > NAMED_AT_MOST else ""
    return BrokenImages(
        f"expected {len(listing.names)} readable images in {printable(listing.root)!r}, received {len(lines)} broken:"
        f" {'; '.join(lines[:NAMED_AT_MOST])}{more}. {listed}"
    )
