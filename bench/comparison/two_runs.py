"""Compares two runs under every attack that both have, as text."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from bench.comparison.group import AttackedNetwork, attacked_by
from bench.comparison.masking import is_masked
from bench.comparison.paired import Effect, PairedSamples, Sample
from bench.comparison.verdict import judge_family, numbers, probability
from bench.errors import BadInput, unknown
from bench.records.collection import Collection
from bench.records.outcomes import Quantity

FAILED = "the attack failed, and accuracy under it is not robustness"


def pair(collection: Collection, first: str, second: str) -> str:
    """Return the difference in accuracy, first minus second, under each common attack at each common radius.

    Networks are paired by seed and image. All attacks and radii are one family for Holm's correction.

    Raises:
        BadInput: a name has no record, or the runs share no attack, seed and radius.
    """
    for name in (first, second):
        if name not in collection.networks:
            raise unknown("run", name, collection.networks)
    if first == second:
        raise BadInput(f"{first} twice: expected two different runs")
    found = _compared(collection, first, second)
    if not found:
        raise BadInput(f"{first} and {second} share no attack, seed and radius: run both at one seed and --eps")
    sides = {text: {name: _attacked(collection, name, text) for name in (first, second)} for text, _ in found}
    masked = {text: {name: is_masked(side) for name, side in both.items()} for text, both in sides.items()}
    learned = {
        name: all(each.learned for both in sides.values() for each in both[name].values()) for name in (first, second)
    }
    attacks = {f"{text} {radius!r}": effect for (text, radius), effect in found.items() if radius}
    judged = judge_family(attacks)
    lines = [f"{first} minus {second}, accuracy, paired by seed and image, p corrected after Holm"]
    before = ""
    for (text, radius), effect in found.items():
        if text != before:
            lines += [
                f"\n{text}",
                *[f"  gradient masked on {name}: {FAILED}" for name in masked[text] if masked[text][name]],
            ]
        before = text
        words = f"clean accuracy: difference {numbers(effect)}, {probability(effect.p)}"
        if radius:
            words = replace(
                judged[f"{text} {radius!r}"],
                masked=masked[text][first],
                control_masked=masked[text][second],
                learned=learned[first],
                control_learned=learned[second],
            ).sentence
        lines.append(f"  eps {radius:<5g} {words}")
    return "\n".join(lines) + "\n"


def _compared(collection: Collection, first: str, second: str) -> dict[tuple[str, float], Effect]:
    names = (first, second)
    texts = sorted({text for name in names for each in collection.networks[name].values() for text in each.attacks})
    effects = {}
    for text in texts:
        sides = {name: _attacked(collection, name, text) for name in names}
        for radius in _radii(sides):
            samples = {
                name: {seed: _sample(each, radius) for seed, each in side.items()} for name, side in sides.items()
            }
            with suppress(BadInput):  # they share no seed
                effects[text, radius] = PairedSamples(samples).against(first, second)
    return effects


def _attacked(collection: Collection, name: str, text: str) -> dict[int, AttackedNetwork]:
    found = {}
    for seed, network in collection.networks[name].items():
        attack = attacked_by(network, text)
        if attack:
            found[seed] = AttackedNetwork(network, attack)
    return found


def _radii(sides: Mapping[str, Mapping[int, AttackedNetwork]]) -> list[float]:
    grids = [set(each.outcomes.eps) for side in sides.values() for each in side.values()]
    return sorted(set.intersection(*grids)) if grids and all(sides.values()) else []


def _sample(attacked: AttackedNetwork, radius: float) -> Sample:
    return Sample(attacked.outcomes.indices, attacked.outcomes.values(Quantity.ACCURACY, (radius,)))
