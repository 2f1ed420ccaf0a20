"""Compares two runs under every attack that both have, as text."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bench.attacks import attack_named
from bench.comparison.group import AttackedNetwork, attacked_by
from bench.comparison.masked_networks import is_masked
from bench.comparison.paired import Effect, PairedSamples, Sample
from bench.comparison.verdict import judge_family, numbers, probability
from bench.errors import BadInput, unknown
from bench.records.collection import Collection
from bench.records.images import check_same_images
from bench.records.outcomes import Quantity

FAILED = "the attack failed, and accuracy under it is not robustness"


def pair(collection: Collection, first: str, second: str) -> str:
    """Return the difference in accuracy, first minus second, under each common attack at each common radius.

    Networks are paired by seed and image. All attacks and radii are one family for Holm's correction; clean accuracy is not
    in it, because it is no verdict.

    Raises:
        BadInput: a name has no record, the runs have other images at a seed, or they share no attack, seed and radius.
    """
    names = (first, second)
    for name in names:
        run, slash, _ = name.partition("/")
        if slash and run in collection.networks:
            raise BadInput(
                f"{name} is one seed of a run: expected the run, {run}, because two runs are compared at every seed of both"
            )
        if name not in collection.networks:
            raise unknown("run", name, collection.networks, "bench status")
    if first == second:
        raise BadInput(f"{first} twice: expected two different runs")
    _paired(collection, first, second)
    texts = sorted({text for name in names for each in collection.networks[name].values() for text in each.attacks})
    sides = {text: {name: _attacked(collection, name, text) for name in names} for text in texts}
    found = {text: effects for text in texts if (effects := _effects(sides[text], first, second))}
    if not found:
        raise BadInput(f"{first} and {second} share no attack, seed and eps: run both at one seed and --eps")
    judged = judge_family({(text, eps): effect for text in found for eps, effect in found[text].items() if eps})
    learned = {name: all(each.learned for text in found for each in sides[text][name].values()) for name in names}
    lines = [f"{first} minus {second}, accuracy, paired by seed and image, p corrected after Holm"]
    for text, effects in found.items():
        masked = {name: is_masked(side) for name, side in sides[text].items()}
        known: Any = {"masked": masked[first], "control_masked": masked[second], "control": second}
        known |= {"learned": learned[first], "control_learned": learned[second]}
        known |= {"counts": attack_named(text).counts}
        lines.append(f"\n{text}")
        lines += [f"  gradient masked on {name}: {FAILED}" for name in names if masked[name]]
        for eps, effect in effects.items():
            words = f"clean accuracy: difference {numbers(effect)}, {probability(effect.p)}, not corrected"
            words = replace(judged[text, eps], **known).sentence if eps else words
            lines.append(f"  eps {eps:<5g} {words}")
    return "\n".join(lines) + "\n"


def _paired(collection: Collection, first: str, second: str) -> None:
    """Raise BadInput where the runs have other images at a seed, so that no image of one is that of the other."""
    ours, theirs = collection.networks[first], collection.networks[second]
    for seed in sorted(ours.keys() & theirs.keys()):
        check_same_images((each.run.key, each.record.data.fingerprint) for each in (ours[seed], theirs[seed]))


def _attacked(collection: Collection, name: str, text: str) -> dict[int, AttackedNetwork]:
    attacks = {seed: (network, attacked_by(network, text)) for seed, network in collection.networks[name].items()}
    return {seed: AttackedNetwork(network, attack) for seed, (network, attack) in attacks.items() if attack}


def _effects(sides: Mapping[str, Mapping[int, AttackedNetwork]], first: str, second: str) -> dict[float, Effect]:
    """Return the difference at each radius that all networks of both runs have; none where they share no seed."""
    radii = [set(each.outcomes.eps) for side in sides.values() for each in side.values()]
    effects = {}
    for eps in sorted(set.intersection(*radii)) if all(sides.values()) else []:
        samples = {name: {seed: _sample(each, eps) for seed, each in side.items()} for name, side in sides.items()}
        with suppress(BadInput):
            effects[eps] = PairedSamples(samples).against(first, second)
    return effects


def _sample(attacked: AttackedNetwork, eps: float) -> Sample:
    return Sample(attacked.outcomes.indices, attacked.outcomes.values(Quantity.ACCURACY, (eps,)))
