"""Loads Imagenette, ten easy classes of ImageNet, from a folder of the user or from a download."""

from __future__ import annotations

import math
import os
from pathlib import Path

from bench.datasets import folder
from bench.datasets.base import Dataset
from bench.datasets.imagenette_download import ARCHIVES, fetch
from bench.datasets.listing import Listing, list_images
from bench.datasets.messages import Count, Report, printable, silent
from bench.errors import BadInput

CLASSES = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
TRAIN, VAL = 9469, 3925


def load(
    image_size: int, data_dir: Path | None, skip_broken: bool, report: Report, progress: Count = silent
) -> Dataset:
    """Load Imagenette, cropped to squares of ``image_size`` pixels.

    A number of images that differs from the published one is reported. ``progress`` counts images, not the bytes of a
    download.

    Raises: the errors of ``locate`` and ``folder.read``.
    """
    listing = list_images(locate(image_size, data_dir, report))
    _check(listing, report)
    return folder.read("imagenette", listing, image_size, skip_broken, report, progress)


def locate(image_size: int, data_dir: Path | None, report: Report) -> Path:
    """Return the folder with train/ and val/, downloading Imagenette into the cache when the user names no folder.

    The user names a folder by ``data_dir`` or, failing that, by $BENCH_DATA_DIR. It holds train/ and val/, or folders
    imagenette2*/ that do. Of these the smallest images of at least ``image_size`` pixels are used, or else the largest,
    and this is reported.

    Raises: ``BadInput`` when the named folder holds no such data, ``TryLater`` when the download fails.
    """
    variable = os.environ.get("BENCH_DATA_DIR")
    if data_dir is None and not variable:
        return fetch(image_size, report)
    named, source = (data_dir, "--data-dir") if data_dir else (Path(variable or ""), "$BENCH_DATA_DIR")
    try:
        inside = [] if _has_splits(named) else sorted(named.glob("imagenette2*"))
        found = [path for path in (named, *inside) if _has_splits(path)]
    except OSError as error:
        raise BadInput(f"cannot read {printable(named)!r} ({error.strerror}); check {source}") from error
    if not found:
        raise BadInput(
            f"expected train/ and val/, or imagenette2*/ with them, in {printable(named)!r}, received neither;"
            f" check {source}, or leave it out to download Imagenette"
        )
    found.sort(key=_side)
    best = next((path for path in found if _side(path) >= image_size), found[-1])
    if _side(best) < image_size:
        report(f"the images of {printable(best)} are {_side(best):g} px: they are enlarged to {image_size} px")
    return best


def _has_splits(path: Path) -> bool:
    return (path / "train").is_dir() and (path / "val").is_dir()


def _side(path: Path) -> float:
    return next((archive.side for archive in ARCHIVES if archive.name == path.name), math.inf)


def _check(listing: Listing, report: Report) -> None:
    if listing.classes != tuple(CLASSES):
        raise BadInput(
            f"expected the ten classes of Imagenette ({', '.join(CLASSES)}) in {printable(listing.root)!r}, received"
            f" {', '.join(listing.classes[:20])}; for other images use --dataset folder"
        )
    if (len(listing.train), len(listing.val)) != (TRAIN, VAL):
        report(
            f"expected {TRAIN:,} train and {VAL:,} val images, received {len(listing.train):,} and"
            f" {len(listing.val):,}: results are not comparable with those on the whole of Imagenette"
        )
