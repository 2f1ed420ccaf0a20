"""Every run of a figure against its control, on the same images and seeds, corrected for the figure's many looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bench.comparison.outcomes import CUSTOMARY, Band, Quantity
from bench.comparison.panel import Effect, Panel
from bench.comparison.verdict import MARGIN, Judged, judge_family
from bench.errors import BadInput
from bench.report.lineup import Lineup, control_of
from bench.report.masked import masked_at_all
from bench.report.records import Records


def compare(
    lineup: Lineup,
    records: Records,
    quantity: Quantity = Quantity.ACCURACY,
    band: Band = CUSTOMARY,
    margin: float = MARGIN,
) -> dict[str, Judged]:
    """Return each run's difference to its control, by the run's name, in ``quantity`` averaged over the radii of ``band``.

    The runs are one family for Holm's correction. A run that shares no seed with its control is left out. A run on which
    the margin step shows, at any seed, that the gradient is masked gets no praise for it, nor does one that it was not
    tried on at every seed; and what is compared with such a run gets no blame.
    """
    judged = judge_family(effects_of(lineup, lineup.panel(records, quantity, band)), quantity, margin)
    masked = _masked(lineup, records)
    return {name: _seen(each, name, masked) for name, each in judged.items()}


def compare_each_eps(
    lineup: Lineup, records: Records, quantity: Quantity = Quantity.ACCURACY, margin: float = MARGIN
) -> dict[tuple[str, float], Judged]:
    """Return each run's difference to its control at each radius but 0, by run name and eps; all of them one family."""
    effects: dict[str, Effect] = {}
    places: dict[str, tuple[str, float]] = {}
    for radius in lineup.eps[1:]:
        panel = lineup.panel(records, quantity, Band(radius, radius, closed=True))
        for name, effect in effects_of(lineup, panel).items():
            place = f"{name} {radius!r}"
            effects[place], places[place] = effect, (name, radius)
    masked = _masked(lineup, records)
    found = judge_family(effects, quantity, margin).items()
    return {places[place]: _seen(judged, places[place][0], masked) for place, judged in found}


def _masked(lineup: Lineup, records: Records) -> dict[str, tuple[bool | None, bool | None]]:
    """Return whether the gradient of each run, by name, and of its control is masked."""
    found = {run.name: masked_at_all(lineup.attacked(records, run)) for run in lineup.runs}
    return {run.name: (found[run.name], found[control_of(run).name]) for run in lineup.runs}


def _seen(judged: Judged, name: str, masked: Mapping[str, tuple[bool | None, bool | None]]) -> Judged:
    own, control = masked[name]
    return replace(judged, masked=own, control_masked=control)


def effects_of(lineup: Lineup, panel: Panel) -> Mapping[str, Effect]:
    """Return each run's difference to its control, by the run's name; none for one that shares no seed with it."""
    effects = {}
    for run in lineup.compared:
        try:
            effects[run.name] = panel.against(run.name, control_of(run).name)
        except BadInput:
            continue  # no seed that both have: a missing cell, listed with its command
    return effects
