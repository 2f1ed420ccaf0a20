"""The images of the other task: a class folder, of which a part can be taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.datasets.base import Dataset, spread
from bench.datasets.folder import read
from bench.datasets.listing import Listing, list_images
from bench.training.progress import Progress


def images_of_task(
    data_dir: Path, size: int, most_train: int | None, most_val: int | None, progress: Progress
) -> Dataset:
    """Load ``data_dir/{train,val}/CLASS/*.{jpg,jpeg,png}``, cropped to squares of ``size`` pixels.

    Args:
        most_train, most_val: the largest number of images of each class, taken at even distances; None for all.

    Raises:
        BadInput: the folder has another layout, or an image is broken.
    """
    listing = list_images(data_dir)
    part = replace(listing, train=_some(listing, listing.train, most_train), val=_some(listing, listing.val, most_val))
    return read("folder", part, size, False, progress.say, progress.counter("images"))


def _some(listing: Listing, names: tuple[str, ...], most: int | None) -> tuple[str, ...]:
    if most is None:
        return names
    found: list[str] = []
    for name in listing.classes:
        of_class = [each for each in names if each.split("/")[-2] == name]
        found += [of_class[place] for place in spread(len(of_class), most)]
    return tuple(found)
