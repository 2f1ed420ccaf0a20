"""The pictures of a look, in the folder of a run. They show images that are not this project's to publish."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from bench.datasets.class_names import name_of
from bench.errors import BadInput
from bench.looking.drawn import Drawn
from bench.looking.maps import read_maps
from bench.records.files import write_bytes
from bench.records.store import Folder
from bench.report.figures.class_images import class_images
from bench.report.figures.saliency_maps import saliency_maps
from bench.report.figures.save import render
from bench.report.network_names import names_of


def draw_maps(folders: Sequence[Folder], images: int) -> list[Path]:
    """Write the maps of the networks in ``folders`` as looks/maps-<images>.png and .svg of the first; return the paths.

    Raises:
        BadInput: a network was not looked at here with as many images.
    """
    names, found = short_names(folders), {}
    for folder in folders:
        maps = read_maps(folder.maps_path(images), folder.trained().weights)
        if maps is None:
            raise BadInput(
                f"{folder.run.key} has no maps of {images} images here: expected a look; run bench look again"
            )
        found[names[folder.run.key]] = maps
    return _write(folders[0], f"maps-{images}", saliency_maps(found, folders[0].trained().data.classes))


def draw_class(folders: Sequence[Folder], drawn: Drawn, settings: str) -> list[Path]:
    """Write a class as the networks in ``folders`` drew it as looks/class-<name>.png and .svg of the first; return the paths.

    ``settings``: of the ascent, in words, for the caption.
    """
    names = short_names(folders)
    name = name_of(folders[0].trained().data.classes[drawn.label])
    by_name = {names[key]: image for key, image in drawn.images.items()}
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or str(drawn.label)
    return _write(folders[0], f"class-{stem}", class_images(name, by_name, (settings,)))


def short_names(folders: Sequence[Folder]) -> dict[str, str]:
    """Return a short name of the network in each of ``folders`` by its key, with the seed where a run has several."""
    named = names_of([folder.run for folder in folders])
    seeds = Counter(folder.run.name for folder in folders)
    return {
        folder.run.key: named[folder.run] + f", seed {folder.run.seed}" * (seeds[folder.run.name] > 1)
        for folder in folders
    }


def _write(folder: Folder, name: str, figure: Figure) -> list[Path]:
    paths = []
    for kind, content in render(figure).items():
        path = folder.looks_path / f"{name}.{kind}"
        write_bytes(path, content)
        paths.append(path)
    return paths
