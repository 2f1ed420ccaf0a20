"""Imagenette: ten easy classes of ImageNet, taken from where the user says they are, or else fetched."""

from __future__ import annotations

import math
import os
from pathlib import Path

from bench.datasets import folder
from bench.datasets.base import Dataset
from bench.datasets.imagenette_download import ARCHIVES, fetch
from bench.datasets.listing import Listing, list_images
from bench.datasets.messages import Progress, Report, printable, silent
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
    image_size: int, data_dir: Path | None, skip_broken: bool, report: Report, progress: Progress = silent
) -> Dataset:
    """Load Imagenette, each image a centre square of ``image_size`` pixels a side.

    A count of images that differs from the published one is reported; ``progress`` counts images, not bytes of a
    download. Raises as ``locate`` and ``folder.read`` do.
    """
    listing = list_images(locate(image_size, data_dir, report))
    _check(listing, report)
    return folder.read("imagenette", listing, image_size, skip_broken, report, progress)


def locate(image_size: int, data_dir: Path | None, report: Report) -> Path:
    """Return the folder that holds train/ and val/: of ``data_dir``, else of $BENCH_DATA_DIR, else in the cache, fetched.

    A folder that was named is the answer or an error: never a reason to download. It may also be the parent of one or
    more imagenette2*/, of which the smallest that need no enlarging is taken, or else the largest, which is reported.
    Raises ``BadInput`` when the named folder holds no such data, ``TryLater`` when the download fails.
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
    best = min(found, key=lambda path: _preference(path, image_size))
    if _side(best) < image_size:
        report(f"the images of {printable(best)} are {_side(best):g} px: they are enlarged to {image_size} px")
    return best


def _has_splits(path: Path) -> bool:
    return (path / "train").is_dir() and (path / "val").is_dir()


def _side(path: Path) -> float:
    return next((archive.side for archive in ARCHIVES if archive.name == path.name), math.inf)


def _preference(path: Path, image_size: int) -> tuple[bool, float]:
    side = _side(path)
    return (True, -side) if side < image_size else (False, side)


def _check(listing: Listing, report: Report) -> None:
    if listing.classes != tuple(CLASSES):
        raise BadInput(
            f"expected the ten classes of Imagenette ({', '.join(CLASSES)}) in {printable(listing.root)!r}, received"
            f" {', '.join(listing.classes[:20])}; for other images use --dataset folder"
        )
    if (len(listing.train), len(listing.val)) != (TRAIN, VAL):
        report(
            f"expected {TRAIN:,} train and {VAL:,} val images, received {len(listing.train):,} and"
            f" {len(listing.val):,}: results do not compare with those on the whole of Imagenette"
        )
