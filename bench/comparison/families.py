"""Comparison groups of recorded runs that no figure of a grid has: each run beside its control."""

from __future__ import annotations

from collections.abc import Iterable

from bench.attacks import Attack, known_attack
from bench.attacks.spec import default_attacks
from bench.comparison.group import ComparisonGroup, attacked_by
from bench.records.collection import Collection
from bench.spec.architectures import written
from bench.spec.control import control_of
from bench.spec.run import Run

LARGEST = 40  # networks: beyond it no line of a figure can be told from another


def families(collection: Collection, drawn: Iterable[Run]) -> list[ComparisonGroup]:
    """Return a group for each control of the recorded runs that are not among ``drawn``, under each of its attacks.

    The attacks are the default ones that are recorded; where there is none, all that are. An attack whose networks share no
    radius but 0 has no group.
    """
    known = {run.name for run in drawn}
    found: dict[Run, list[Run]] = {}
    for run in collection.runs:
        if run.name not in known:
            found.setdefault(control_of(_at(run, 0)), []).append(_at(run, 0))
    named: dict[str, int] = {}
    groups = []
    for control, runs in sorted(found.items(), key=lambda each: each[0].name):
        stem = control.name.rpartition("-")[0]
        named[stem] = number = named.get(stem, 0) + 1
        ordered = tuple(dict.fromkeys([control, *sorted(runs, key=_order)]))
        groups += _of_family(collection, f"{stem}-{number}" if number > 1 else stem, ordered)
    return groups


def _of_family(collection: Collection, name: str, runs: tuple[Run, ...]) -> list[ComparisonGroup]:
    radii = {attack: _radii(collection, runs, attack) for attack in _attacks(collection, runs)}
    attacks = tuple(attack for attack, eps in radii.items() if len(eps) > 1)
    seeds = tuple(sorted({seed for run in runs for seed in collection.of(run)}))
    title = f"{written(runs[0].arch)}, batch {runs[0].batch_size}, {runs[0].dataset} {runs[0].image_size} px"
    return [
        ComparisonGroup(name, title, attack, runs, radii[attack], 1.0, seeds, attacks, collection) for attack in attacks
    ]


def _attacks(collection: Collection, runs: tuple[Run, ...]) -> tuple[Attack, ...]:
    texts = {text for run in runs for each in collection.of(run).values() for text in each.attacks}
    usual = [each for each in default_attacks(runs) if str(each) in texts]
    return tuple(usual) or tuple(each for text in sorted(texts) if (each := known_attack(text)))


def _radii(collection: Collection, runs: tuple[Run, ...], attack: Attack) -> tuple[float, ...]:
    """Return the radii that every network with the attack has."""
    found = [attacked_by(each, str(attack)) for run in runs for each in collection.of(run).values()]
    sets = [set(each.outcomes.eps) for each in found if each]
    return tuple(sorted(set.intersection(*sets))) if sets else ()


def _at(run: Run, seed: int) -> Run:
    return Run.of(**{**run.settings, "seed": seed})


def _order(run: Run) -> tuple[float, float, str, str]:
    return (run.temperature, run.sparsity, str(run.low_rank), run.name)
