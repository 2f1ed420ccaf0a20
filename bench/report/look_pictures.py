"""The pictures of a look, in the folder of a run. They show images that are not this project's to publish."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from bench.comparison.looking import Seen
from bench.datasets.class_names import name_of
from bench.errors import BadInput
from bench.looking.ascent import Ascent
from bench.looking.drawn import Drawn
from bench.looking.maps import read_maps
from bench.records.store import Folder
from bench.report.figures.class_images import class_images
from bench.report.figures.saliency_maps import saliency_maps
from bench.report.figures.save import write
from bench.report.network_names import names_of


def draw_maps(folders: Sequence[Folder], looks: Mapping[str, Seen]) -> list[Path]:
    """Write the maps of the networks in ``folders`` as looks/maps-<images>.png and .svg of the first; return the paths.

    Args:
        looks: what the looks say, by the key of the run, all of as many images.

    Raises:
        BadInput: a network has no maps here.
    """
    names, found = short_names(folders), {}
    images = looks[folders[0].run.key].record.images
    for folder in folders:
        maps = read_maps(folder.looks.gallery(images), folder.trained().weights)
        if maps is None:
            raise BadInput(
                f"{folder.run.key} has no maps of {images} images here: expected a look; run bench look again"
            )
        found[names[folder.run.key]] = maps
    worthless = [
        f"{names[key]} ({', '.join(kinds)})"
        for key, each in looks.items()
        if (kinds := [row.saliency for row in each.agreements if row.worthless])
    ]
    notes = [f"Worthless by the test of shuffled weights, or constant: {'; '.join(worthless)}."] * bool(worthless)
    return _write(folders, f"maps-{images}", "", saliency_maps(found, folders[0].trained().data.classes, notes))


def draw_class(folders: Sequence[Folder], drawn: Drawn, ascent: Ascent, start: int | None) -> list[Path]:
    """Write a class as the networks in ``folders`` drew it as looks/class-<name>.png and .svg of the first; return the paths.

    Args:
        ascent: the settings.
        start: the place of the validation image that it starts from; None for noise.
    """
    names = short_names(folders)
    name = name_of(folders[0].trained().data.classes[drawn.label])
    by_name = {names[key]: image for key, image in drawn.images.items()}
    stem = re.sub(r"\W+", "-", name.lower()).strip("-") or str(drawn.label)
    settings = f"From {'noise' if start is None else f'validation image {start}'}: {ascent.words}"
    other = "" if (ascent, start) == (Ascent(), None) else settings
    return _write(folders, f"class-{stem}", other, class_images(name, by_name, (settings,)))


def short_names(folders: Sequence[Folder]) -> dict[str, str]:
    """Return a short name of the network in each of ``folders`` by its key, with the seed where a run has several."""
    named = names_of([folder.run for folder in folders])
    seeds = Counter(folder.run.name for folder in folders)
    return {
        folder.run.key: named[folder.run] + f", seed {folder.run.seed}" * (seeds[folder.run.name] > 1)
        for folder in folders
    }


def _write(folders: Sequence[Folder], name: str, other: str, figure: Figure) -> list[Path]:
    """Write ``figure`` into the first of ``folders``, with a hash in its name where there are several or ``other`` settings."""
    differs = "\n".join([*(each.run.key for each in folders[1:]), *[other] * bool(other)])
    if differs:
        name += f"-{hashlib.sha256(differs.encode()).hexdigest()[:8]}"
    return write(folders[0].looks.folder / name, figure)
