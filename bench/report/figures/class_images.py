"""The picture of a class as several networks take it: a row a network, the steps of its ascent from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from bench.looking.class_image import ClassImage
from bench.report.figures.tiles import Group, Tile, tiles

CAPTION = (
    "Each row climbs the logit of the class on one network, from the same start and with the same random jitter. Below: softmax "
    "confidence in the class, at the temperature of the training.",
    "The settings of the ascent shape the picture as much as the network does: compare rows, do not read one alone.",
)


def class_images(name: str, networks: Mapping[str, ClassImage], notes: Sequence[str] = ()) -> Figure:
    """Return the picture of the class ``name`` by ``networks``, by name.

    ``notes``: what the caption says besides.
    """
    first = next(iter(networks.values()))
    groups = [Group("after so many steps", tuple(map(str, first.steps)))]
    rows = [
        (network, [Tile(image, f"{value:.3f}") for image, value in zip(each.images, each.confidences, strict=True)])
        for network, each in networks.items()
    ]
    return tiles(f"What networks take for: {name}", (*CAPTION, *notes), groups, rows)
