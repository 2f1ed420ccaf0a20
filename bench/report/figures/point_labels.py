"""Labels beside points, where they cover as little as possible."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import cos, pi, sin
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from bench.report.figures.pareto_front import Points

RINGS = (9.0, 17.0, 28.0, 42.0, 60.0, 80.0)  # points of distance from the marker
ANGLES = [place * pi / 8 for place in (0, 8, 1, 15, 7, 9, 4, 12, 2, 14, 6, 10, 3, 13, 5, 11)]
MARKER = 5.0  # half of a marker, points
LEAD = {"arrowstyle": "-", "color": "0.5", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 8}
CENTRED: Any = {"ha": "center", "va": "center", "fontsize": 10, "arrowprops": LEAD}


def label_points(
    axes: Axes, points: Sequence[tuple[float, float, float, float]], texts: Sequence[str], stairs: Points
) -> None:
    """Write each text beside its point, at the nearest place that covers the fewest labels, markers, bars and stairs.

    A thin line leads from a point to its label. The layout of the figure and the limits of ``axes`` must be final.

    Args:
        points: x, y and the ends of the bar of each point.
        stairs: the corners of a line that labels should not cover.
    """
    unit = axes.figure.dpi / 72
    to_pixels = axes.transData.transform
    spots = to_pixels([point[:2] for point in points])
    taken = [Bbox([spot - MARKER * unit, spot + MARKER * unit]) for spot in spots]
    pairs = [*[((x, low), (x, high)) for x, _, low, high in points], *itertools.pairwise(stairs)]
    taken += [Bbox(np.sort(to_pixels(pair), axis=0)) for pair in pairs]
    inside = axes.get_window_extent()
    for place in np.lexsort((spots[:, 0], -spots[:, 1])):
        note = axes.annotate(texts[place], points[place][:2], (0, 0), textcoords="offset points", **CENTRED)
        half = np.array(Text.get_window_extent(note).size) / unit / 2
        offsets = [(ring + half) * (cos(angle), sin(angle)) for ring in RINGS for angle in ANGLES]
        boxes = [Bbox(spots[place] + unit * np.array([offset - half, offset + half])) for offset in offsets]
        outside = [not (inside.contains(*each.min) and inside.contains(*each.max)) for each in boxes]
        costs = [each.count_overlaps(taken) + 5 * far for each, far in zip(boxes, outside, strict=True)]
        best = costs.index(min(costs))
        note.set_position(tuple(offsets[best]))
        taken.append(boxes[best])
