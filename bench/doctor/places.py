"""Where the images are, and whether records and cached images can be written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.datasets import cache
from bench.datasets.imagenette import TRAIN, VAL, locate
from bench.datasets.imagenette_download import ARCHIVES
from bench.datasets.listing import list_images
from bench.datasets.messages import printable
from bench.doctor.finding import Finding, State
from bench.errors import BenchError
from bench.spec.run import Run

REFETCH = "remove this folder from the cache, then run bench data fetch"


def places(data_dir: Path | None, results: Path) -> Iterator[Finding]:
    """Yield a finding on Imagenette, on the folder of the cache and on that of the records. It downloads nothing."""
    yield images(data_dir)
    yield writable("cache", cache.directory(), "choose another folder with $BENCH_CACHE_DIR")
    yield writable("results", results.absolute(), "choose another folder with --results-dir, or change its permissions")


def images(data_dir: Path | None) -> Finding:
    """Return where Imagenette is: in ``data_dir``, else in $BENCH_DATA_DIR, else in the cache."""
    named = data_dir or os.environ.get("BENCH_DATA_DIR")
    folders = [archive.name for archive in ARCHIVES if (cache.directory() / archive.name).is_dir()]
    if not named and not folders:
        text = (
            "Imagenette is not on this machine: neither --data-dir nor $BENCH_DATA_DIR is given, and the cache has none"
        )
        remedy = f"the first run downloads it ({ARCHIVES[0].size / 1e6:.0f} MB), or name a folder that has it"
        return Finding("data", text, State.NOTE, remedy)
    source = "--data-dir" if data_dir else "$BENCH_DATA_DIR" if named else "the cache"
    try:
        # No size makes it download: the cache has a folder of its own name.
        root = locate(Run.image_size, data_dir, lambda _: None) if named else cache.directory() / folders[0]
        found = list_images(root)
    except BenchError as error:
        return Finding("data", str(error), State.ERROR, f"correct {source}" if named else REFETCH)
    text = f"{printable(root)} (from {source}): {len(found.train):,} train and {len(found.val):,} val images"
    if (len(found.train), len(found.val)) == (TRAIN, VAL):
        return Finding("data", text)
    remedy = "bench data verify lists what is broken; results are not comparable with those on the whole of Imagenette"
    return Finding("data", f"{text}, where Imagenette has {TRAIN:,} and {VAL:,}", State.NOTE, remedy)


def writable(name: str, folder: Path, remedy: str) -> Finding:
    """Return whether files can be written to ``folder``, or to where it would be made. It is not made."""
    try:
        place = next(each for each in (folder, *folder.parents) if each.exists())
        with tempfile.TemporaryFile(dir=place):
            free = shutil.disk_usage(place).free
    except OSError as error:
        return Finding(name, f"cannot write to {printable(folder)}: {error.strerror}", State.ERROR, remedy)
    made = "" if place == folder else ", made when it is needed"
    return Finding(name, f"{printable(folder)} is writable{made}; {free / 1e9:,.0f} GB free")
