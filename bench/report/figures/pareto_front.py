"""The Pareto front: the networks that no other network beats in both accuracy and compression."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from matplotlib.axes import Axes

WORDS = "Front: no other network is at least as good in accuracy and compression, and better in one"


Points = Sequence[tuple[float, float]]


def front(points: Points) -> list[int]:
    """Return the places of the ``points`` (compression, accuracy) on the Pareto front, in order of compression.

    Point p is on it unless some q != p has q_0 >= p_0 and q_1 >= p_1. Equal points are on it together.
    """
    kept: list[int] = []
    for place in sorted(range(len(points)), key=lambda each: points[each], reverse=True):
        # All points with more compression came before, so that accuracy decides.
        if not kept or points[place][1] > points[kept[-1]][1] or points[place] == points[kept[-1]]:
            kept.append(place)
    return kept[::-1]


def draw_front(axes: Axes, points: Points, label: str, linestyle: str) -> Points:
    """Draw the Pareto front of ``points`` as stairs, and return their corners."""
    chosen = [points[place] for place in front(points)]
    xs, ys = [x for x, _ in chosen], [y for _, y in chosen]
    axes.plot(xs, ys, color="0.45", linewidth=1.4, linestyle=linestyle, drawstyle="steps-pre", label=label, zorder=1)
    inner = [(low[0], high[1]) for low, high in itertools.pairwise(chosen)]
    return [corner for pair in itertools.zip_longest(chosen, inner) for corner in pair if corner is not None]
