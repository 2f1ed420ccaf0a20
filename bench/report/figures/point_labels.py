"""Labels beside points, so that none lies on another, on a point or outside the axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from matplotlib.axes import Axes

from bench.records.outcomes import Floats
from bench.report.figures.pareto_front import Points

RINGS = (9.0, 17.0, 28.0, 42.0, 60.0, 80.0)  # points of distance, at which a place is looked for
ANGLES = [place * pi / 8 for place in (0, 8, 1, 15, 7, 9, 4, 12, 2, 14, 6, 10, 3, 13, 5, 11)]
POINT, BAR = 5.0, 1.5  # what a marker and a bar take on either side, points
LED = 9.0  # the distance from which on a line leads to the label


def label_points(
    axes: Axes, points: Sequence[tuple[float, float, float, float]], texts: Sequence[str], lines: Points
) -> None:
    """Write each text beside its point (x, y, ends of its bar), at the nearest place of rings around it that is free.

    Free is a place without another label, point or bar, and off the stairs with the corners ``lines``.

    The limits of the axes must be final. Where no place is free the one that covers least is taken. Points are served
    from the top, and places tried in a fixed order, so that the same points give the same picture.
    """
    unit = axes.figure.dpi / 72
    spots = axes.transData.transform([(x, y) for x, y, _, _ in points])
    lows, highs = (axes.transData.transform([(each[0], each[end]) for each in points]) for end in (2, 3))
    corners = axes.transData.transform(np.reshape(lines, (-1, 2)))
    aside = np.array([BAR * unit, 0])
    taken = np.concatenate(
        [
            np.hstack([spots - POINT * unit, spots + POINT * unit]),
            np.hstack([lows - aside, highs + aside]),
            np.hstack(
                [np.minimum(corners[:-1], corners[1:]) - BAR * unit, np.maximum(corners[:-1], corners[1:]) + BAR * unit]
            ),
        ]
    )
    inside = np.array(axes.get_window_extent().extents)
    for place in np.lexsort((spots[:, 0], -spots[:, 1])):
        note = axes.annotate(
            texts[place], points[place][:2], (0, 0), textcoords="offset points", ha="center", va="center", fontsize=10
        )
        extent = note.get_window_extent()
        offsets = _offsets(extent.width / unit / 2, extent.height / unit / 2)
        boxes = extent.extents + np.tile(offsets * unit, 2)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        costs = _common(boxes, taken).sum(axis=1) + 5 * (areas - _common(boxes, inside[None])[:, 0])
        chosen = int(costs.round(3).argmin())
        note.set_position(offsets[chosen])
        taken = np.vstack([taken, boxes[chosen]])
        _lead(axes, spots[place], boxes[chosen])


def _offsets(width: float, height: float) -> Floats:
    """Return where the middle of a label of twice this size may stand from its point, the nearest first; points, (k, 2)."""
    return np.array([((ring + width) * cos(angle), (ring + height) * sin(angle)) for ring in RINGS for angle in ANGLES])


def _common(boxes: Floats, others: Floats) -> Floats:
    """Return the area that each of ``boxes`` (k, 4) has in common with each of ``others`` (m, 4), shape (k, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray(np.maximum(0, high - low).prod(axis=2))


def _lead(axes: Axes, spot: Floats, box: Floats) -> None:
    """Draw a thin line from a point to its label, where the label is not beside it."""
    nearest = np.clip(spot, box[:2], box[2:])
    if np.hypot(*(nearest - spot)) > LED * axes.figure.dpi / 72 + 1:
        (x, y), (to_x, to_y) = axes.transData.inverted().transform([spot, nearest])
        axes.plot([x, to_x], [y, to_y], color="0.5", linewidth=0.7, zorder=1)
