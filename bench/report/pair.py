"""Two runs against each other under every attack that both have, as text."""

from __future__ import annotations

from bench.attacks import attack_named
from bench.comparison.outcomes import Quantity
from bench.comparison.panel import Panel, Sample
from bench.comparison.verdict import Judged, judge_family
from bench.errors import BadInput, unknown
from bench.report.lineup import attack_text
from bench.report.networks import Attacked
from bench.report.records import Records


def pair(records: Records, first: str, second: str) -> str:
    """Return, for each attack that both runs have, the difference in accuracy at each common radius, first less second.

    Paired by seed and image; the radii of all attacks are one family for Holm's correction. BadInput for a name without
    a record, and for runs without a common attack, seed and radius.
    """
    for name in (first, second):
        if name not in records.networks:
            raise unknown("run", name, records.networks)
    if first == second:
        raise BadInput(f"{first} twice: expected two different runs")
    judged = _judged(records, first, second)
    if not judged:
        raise BadInput(f"{first} and {second} share no attack, seed and radius: run both at one seed and --eps")
    lines = [f"{first} less {second}, accuracy, paired by seed and image, p corrected after Holm"]
    attack = ""
    for (text, radius), each in judged.items():
        lines += [f"\n{text}"] if text != attack else []
        attack = text
        lines.append(f"  eps {radius:<5g} {each.sentence}")
    return "\n".join(lines) + "\n"


def _judged(records: Records, first: str, second: str) -> dict[tuple[str, float], Judged]:
    texts = sorted(
        {text for name in (first, second) for each in records.networks[name].values() for text in each.attacks}
    )
    effects = {}
    places = {}
    for text in texts:
        sides = {name: _attacked(records, name, text) for name in (first, second)}
        for radius in _radii(sides):
            samples = {
                name: {seed: _sample(each, radius) for seed, each in side.items()} for name, side in sides.items()
            }
            try:
                effect = Panel(samples).against(first, second)
            except BadInput:
                continue  # no seed that both have
            key = f"{text} {radius!r}"
            effects[key], places[key] = effect, (text, radius)
    return {places[key]: judged for key, judged in judge_family(effects).items()}


def _attacked(records: Records, name: str, text: str) -> dict[int, Attacked]:
    found = {}
    for seed, network in records.networks[name].items():
        attacked = network.attacks.get(attack_text(network.run, attack_named(text)))
        if attacked:
            found[seed] = attacked
    return found


def _radii(sides: dict[str, dict[int, Attacked]]) -> list[float]:
    grids = [set(each.outcomes.eps) for side in sides.values() for each in side.values()]
    return sorted(set.intersection(*grids)) if grids and all(sides.values()) else []


def _sample(attacked: Attacked, radius: float) -> Sample:
    return Sample(attacked.outcomes.indices, attacked.outcomes.values(Quantity.ACCURACY, (radius,)))
