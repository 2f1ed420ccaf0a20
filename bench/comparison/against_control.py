"""Compares every run of a group with its control, on the same images and seeds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from bench.comparison.group import ComparisonGroup
from bench.comparison.masked_networks import is_masked
from bench.comparison.paired import Effect, PairedSamples
from bench.comparison.verdict import Judged, judge_family
from bench.errors import BadInput
from bench.records.outcomes import Band, Quantity, customary
from bench.spec.control import control_of


def compare(group: ComparisonGroup, quantity: Quantity = Quantity.ACCURACY) -> dict[str, Judged]:
    """Return each run's difference to its control, by the run's name, in ``quantity`` averaged over the radii of a verdict.

    The runs are one family for Holm's correction. A run that shares no seed with its control is left out. A run whose
    gradient is masked at any seed, or not tested at every seed, is not called more robust. No run is called less robust
    than a control whose gradient is masked. No run is judged that did not learn, or whose control did not. No run is called
    more or less robust for an attack that does not count.
    """
    judged = judge_family(effects_of(group, group.samples(quantity, customary(group.attack.norm))), quantity)
    known = known_of(group)
    return {name: replace(each, **known[name]) for name, each in judged.items()}


def compare_each_eps(group: ComparisonGroup) -> dict[tuple[str, float], Judged]:
    """Return each run's difference in accuracy to its control at each radius but 0, by run name and eps: one family."""
    effects = {
        (name, radius): effect
        for radius in group.eps[1:]
        for name, effect in effects_of(
            group, group.samples(Quantity.ACCURACY, Band(radius, radius, closed=True))
        ).items()
    }
    known = known_of(group)
    return {key: replace(each, **known[key[0]]) for key, each in judge_family(effects).items()}


def known_of(group: ComparisonGroup) -> dict[str, dict[str, Any]]:
    """Return what is known of each run and its control beside the effect, as fields of ``Judged`` by the run's name."""
    masked = {run: is_masked(group.attacked(run)) for run in group.runs}
    learned = {run: group.learned(run) for run in group.runs}
    return {
        run.name: {
            "masked": masked[run],
            "control_masked": masked[control_of(run)],
            "learned": learned[run],
            "control_learned": learned[control_of(run)],
            "counts": group.attack.counts,
        }
        for run in group.runs
    }


def effects_of(group: ComparisonGroup, samples: PairedSamples) -> dict[str, Effect]:
    """Return each run's difference to its control, by the run's name; a run that shares no seed with it is left out."""
    effects = {}
    for run in group.compared:
        with suppress(BadInput):  # they share no seed: the cell is missing, and listed with its command
            effects[run.name] = samples.against(run.name, control_of(run).name)
    return effects
