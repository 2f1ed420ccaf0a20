"""The picture of a look: images and the maps of several networks side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bench.datasets.base import Images, spread
from bench.datasets.class_names import name_of
from bench.looking.maps import Maps
from bench.looking.saliency import SALIENCIES
from bench.report.figures.tiles import Group, Tile, tiles

BRIGHTEST = 99  # percentile of a map that is drawn as white, as in the SmoothGrad paper
MOST_ROWS = 12
CAPTION = (
    "Bright: pixels on which the logit of the true class depends most. Each map is scaled by itself, from 0 to its 99th "
    "percentile. Orange frame: the network classifies the image wrongly.",
    "A map shows what the logit reacts to, not why.",
)


def saliency_maps(networks: Mapping[str, Maps], classes: Sequence[str], notes: Sequence[str] = ()) -> Figure:
    """Return the picture of the maps of ``networks``, by name, on the images that all of them were shown.

    Args:
        networks: their maps on the same images.
        classes: the ids of the classes.
        notes: what the caption says besides.
    """
    first = next(iter(networks.values()))
    shown = spread(len(first.labels), MOST_ROWS)
    groups = [Group("", ("image",)), *[Group(kind, tuple(networks)) for kind in SALIENCIES]]
    rows = []
    for at in shown:
        row = [Tile(first.images[at])]
        for kind in SALIENCIES:
            row += [
                Tile(scaled(each.maps[kind][at]), wrong=bool(each.predicted[at] != each.labels[at]))
                for each in networks.values()
            ]
        rows.append((f"{name_of(classes[first.labels[at]])}\n#{first.places[at]}", row))
    left = len(first.labels) - len(shown)
    more = [f"{left} more images are looked at and not shown."] * bool(left)
    return tiles("Where networks look", (*CAPTION, *notes, *more), groups, rows)


def scaled(values: Images) -> NDArray[np.float64]:
    """Return a map as brightness in [0, 1]: its 99th percentile and above is 1."""
    top = float(np.percentile(values, BRIGHTEST)) or float(values.max()) or 1.0
    return np.asarray(np.clip(values / top, 0, 1), np.float64)
