"""Cells of numbers: a mean over seeds with its deviation and interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np

from bench.comparison.intervals import hierarchical
from bench.comparison.verdict import DASH
from bench.records.outcomes import Outcomes, Quantity, wilson
from bench.report.tables.table import Cell


def measured(seeds: Iterable[Outcomes], wanted: Sequence[tuple[Quantity, float]]) -> list[Cell]:
    """Return the cell of each wanted quantity and radius, over all ``seeds``."""
    together = [(what, tuple(eps for _, eps in part)) for what, part in groupby(wanted, itemgetter(0))]
    rows = [(each.indices, np.concatenate([each.each(what, radii) for what, radii in together])) for each in seeds]
    found = hierarchical(rows)
    cells = []
    for place, (quantity, _) in enumerate(wanted):
        mean, low, high = (float(each[place]) for each in (found.mean, found.low, found.high))
        if not np.isfinite(mean):
            never = sum(not np.isfinite(values[place]).all() for _, values in rows)
            cells.append(Cell("none correct" + f" at {never} of {len(rows)} seeds" * (never < len(rows))))
            continue
        deviation = None if found.deviation is None else float(found.deviation[place])
        if deviation is None and quantity is Quantity.ACCURACY:
            images = rows[0][1].shape[1]
            low, high = wilson(round(mean * images), images)
        if quantity is not Quantity.DROP:
            low, high = max(0.0, low), min(1.0, high)
        spread = "" if deviation is None else f" ± {100 * deviation:.1f}"
        text = f"{100 * mean:.1f}{spread} [{100 * low:.1f}, {100 * high:.1f}]"
        cells.append(Cell(text, mean, deviation, low, high))
    return cells


def over_seeds(values: Sequence[float], text: Callable[[float], str]) -> Cell:
    """Return the mean of ``values``, one for each seed, with their standard deviation where ``text`` can show it."""
    mean = sum(values) / len(values)
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    varies = deviation is not None and text(deviation) != text(0.0)
    return Cell(f"{text(mean)} ± {text(deviation or 0.0)}" if varies else text(mean), mean, deviation)


def share(value: float, low: float, high: float) -> Cell:
    """Return a fraction in percent with its interval."""
    return Cell(f"{percent(value)} [{percent(low)}, {percent(high)}]", value, None, low, high)


def in_percent(fraction: float | None) -> Cell:
    """Return a fraction in percent; a dash where there is none."""
    return Cell(DASH) if fraction is None else Cell(percent(fraction), fraction)


def counted(count: int | None) -> Cell:
    """Return a number of things; a dash where there is none."""
    return Cell(DASH) if count is None else Cell(f"{count:,}", count)


def percent(fraction: float) -> str:
    """Return a fraction in percent with one decimal, without the sign."""
    return f"{100 * fraction:.1f}"
