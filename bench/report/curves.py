"""The curves of a figure as data, from which the page draws a chart that answers to the pointer and the keyboard."""

from __future__ import annotations

from typing import Any

from bench.comparison.group import ComparisonGroup
from bench.records.outcomes import Quantity
from bench.report.figures.accuracy_curves import lines
from bench.report.tables.table import Table
from bench.spec.control import control_of

PLACES = 2


def curves(group: ComparisonGroup, table: Table) -> dict[str, Any] | None:
    """Return what the page draws of panel a, as JSON holds it; None where no network of ``group`` has the attack.

    ``eps``: radii. ``axis``: what they are. ``bend``: the eps below which the axis is nearly linear. ``curves``: for each
    run its name, the mean accuracy at each radius and the ends of its 95 % interval in percent, whether its gradient is
    masked, and whether it is a control.
    """
    found = lines(group, table, Quantity.ACCURACY)
    if not found:
        return None
    return {
        "eps": list(group.eps),
        "axis": group.attack.norm.axis,
        "bend": group.attack.norm.linear_to,
        "curves": [
            {
                "name": group.label(each.run),
                "mean": _rounded(each.mean),
                "low": _rounded(each.low),
                "high": _rounded(each.high),
                "masked": each.masked,
                "control": each.run == control_of(each.run),
            }
            for each in found
        ],
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(value), PLACES) for value in values]
