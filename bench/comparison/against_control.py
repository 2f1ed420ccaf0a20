"""Compares every run of a group with its control, on the same images and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.comparison.group import ComparisonGroup, control_of
from bench.comparison.masking import is_masked
from bench.comparison.paired import Effect, PairedSamples
from bench.comparison.verdict import EQUIVALENCE, Judged, judge_family
from bench.errors import BadInput
from bench.records.outcomes import CUSTOMARY, Band, Quantity
from bench.spec.run import Run


def compare(
    group: ComparisonGroup,
    quantity: Quantity = Quantity.ACCURACY,
    band: Band = CUSTOMARY,
    margin: float = EQUIVALENCE,
) -> dict[str, Judged]:
    """Return each run's difference to its control, by the run's name, in ``quantity`` averaged over the radii of ``band``.

    The runs are one family for Holm's correction. A run that shares no seed with its control is left out. A run whose
    gradient is masked at any seed, or not tested at every seed, is not called more robust. No run is called less robust
    than a control whose gradient is masked. No run is judged that did not learn, or whose control did not.
    """
    judged = judge_family(effects_of(group, group.samples(quantity, band)), quantity, margin)
    known = _known(group)
    return {name: replace(each, **known[name]) for name, each in judged.items()}


def compare_each_eps(
    group: ComparisonGroup, quantity: Quantity = Quantity.ACCURACY, margin: float = EQUIVALENCE
) -> dict[tuple[str, float], Judged]:
    """Return each run's difference to its control at each radius but 0, by run name and eps. They are one family."""
    effects: dict[str, Effect] = {}
    places: dict[str, tuple[str, float]] = {}
    for radius in group.eps[1:]:
        samples = group.samples(quantity, Band(radius, radius, closed=True))
        for name, effect in effects_of(group, samples).items():
            place = f"{name} {radius!r}"
            effects[place], places[place] = effect, (name, radius)
    known = _known(group)
    found = judge_family(effects, quantity, margin).items()
    return {places[place]: replace(judged, **known[places[place][0]]) for place, judged in found}


def _known(group: ComparisonGroup) -> dict[str, Any]:
    """Return what is known of each run and its control beside the effect, as fields of ``Judged`` by the run's name."""
    masked = {run: is_masked(group.attacked(run)) for run in group.runs}
    return {
        run.name: {
            "masked": masked[run],
            "control_masked": masked[control_of(run)],
            "learned": has_learned(group, run),
            "control_learned": has_learned(group, control_of(run)),
        }
        for run in group.runs
    }


def has_learned(group: ComparisonGroup, run: Run) -> bool:
    """Tell whether ``run`` learned at every seed."""
    return all(each.learned for each in group.attacked(run).values())


def effects_of(group: ComparisonGroup, samples: PairedSamples) -> Mapping[str, Effect]:
    """Return each run's difference to its control, by the run's name; a run that shares no seed with it is left out."""
    effects = {}
    for run in group.compared:
        try:
            effects[run.name] = samples.against(run.name, control_of(run).name)
        except BadInput:
            continue  # they share no seed: the cell is missing, and listed with its command
    return effects
