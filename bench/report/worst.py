"""What is left of a network when every attack has had its turn: an image counts as right where none flips it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bench.attacks import attack_named
from bench.attacks.fgsm import Fgsm
from bench.comparison.outcomes import CUSTOMARY, Outcomes, Quantity
from bench.comparison.panel import Panel, Sample
from bench.comparison.verdict import judge_family
from bench.errors import BadInput
from bench.masking import MARGIN
from bench.report.comparisons import effects_of
from bench.report.figure_table import measured
from bench.report.lineup import Lineup, attack_text, control_of
from bench.report.masked import reach
from bench.report.networks import Attacked, Trained, seeds_text
from bench.report.records import Records
from bench.report.shared import common_images, part
from bench.report.table import DASH, Cell, Column, Table
from bench.spec import Run

SHOWN = (1.0, 2.0, 4.0, 8.0)
NOTES = (
    "An image counts as right at eps where it is right under every attack at that eps and at any smaller one: what a step of "
    "1 level does is done within 2. It is taken image by image and never as a mean of attacks, over the attacks that all "
    "networks of a figure met, on the images that these share.",
    "It is an upper bound all the same: an attack that nobody ran counts for nothing.",
)


def worst_case(attacks: Mapping[str, Outcomes], eps: tuple[float, ...]) -> Outcomes:
    """Return what is left at each of ``eps`` (ascending, 0 first) under the worst of ``attacks``, on the images of them all.

        w_i(e) = min over attacks a, and radii e' <= e that a was measured at, of r_i(a, e')

    where r_i is 1 for an image classified rightly. An image that is not right has the class that it was first given.
    Source: Carlini et al. 2019, arXiv:1902.06705 (the worst case over attacks, for each example).
    """
    images = common_images(attacks)
    found = {name: part(each, images, each.eps) for name, each in sorted(attacks.items())}
    labels = next(iter(found.values())).labels
    now, rows, below = labels, [], -1.0
    for radius in eps:
        for each in found.values():
            for met, predictions in zip(each.eps, each.predictions, strict=True):
                if below < met <= radius:
                    now = np.where(now == labels, predictions, now)
        rows.append(now)
        below = radius
    return Outcomes(eps, images, labels, np.stack(rows))


def worst_table(lineups: list[Lineup], records: Records) -> Table | None:
    """Return accuracy under one step and in the worst case, a row a network of each figure; None where none met two attacks."""
    rows = tuple(row for lineup in lineups if lineup.attack == Fgsm() for row in _rows(lineup, records))
    if not rows:
        return None
    columns = (
        Column("figure", "run", "text"),
        Column("network", "run", "text"),
        Column("seeds", "run", "text"),
        Column("attacks", "threat", "text"),
        Column("images", "run", "number"),
        *[Column(f"{what}, eps {radius:g}", "accuracy", "share") for radius in SHOWN for what in ("one step", "worst")],
        Column(f"worst against the control, {CUSTOMARY}", "verdict", "text"),
    )
    caption = (
        "Accuracy in percent [95 % interval] under one FGSM step by who knows the temperature, and in the worst case over "
        "all attacks. Threat model: L-infinity, eps in pixel levels of 0 to 255, white box, true labels."
    )
    return Table("worst", "The worst of all attacks", caption, NOTES, columns, rows)


def _rows(lineup: Lineup, records: Records) -> list[tuple[Cell, ...]]:
    attacked = {run: lineup.attacked(records, run) for run in lineup.runs}
    networks = {run: {seed: each for seed, (each, _) in seeds.items()} for run, seeds in attacked.items() if seeds}
    met = [set(network.attacks) for seeds in networks.values() for network in seeds.values()]
    names = [
        name for name in sorted(set().union(*met)) if all(_met(run, seeds, name) for run, seeds in networks.items())
    ]
    if len(names) < 2:
        return []
    worst = {
        run: {seed: _worst(each, names, lineup) for seed, each in seeds.items()} for run, seeds in networks.items()
    }
    margins = [network.attacks.get(MARGIN) for seeds in networks.values() for network in seeds.values()]
    tested = all(margin is not None and reach(lineup.eps) in margin.outcomes.eps for margin in margins)
    verdicts = _verdicts(lineup, worst, tested)
    rows = []
    for run, seeds in networks.items():
        step = {
            seed: part(each.attacks[str(Fgsm())].outcomes, worst[run][seed].indices, lineup.eps)
            for seed, each in seeds.items()
        }
        cells = [_cells(seeds, each, lineup.eps) for each in (step, worst[run])]
        sizes = sorted({len(each.indices) for each in worst[run].values()})
        rows.append(
            (
                Cell(lineup.figure),
                Cell(lineup.label(run)),
                Cell(seeds_text(seeds)),
                Cell(", ".join(names)),
                Cell(" or ".join(f"{size:,}" for size in sizes), sizes[0]),
                *[each.get(radius, Cell(DASH)) for radius in SHOWN for each in cells],
                Cell("the control" if run == control_of(run) else verdicts.get(run.name, DASH)),
            )
        )
    return rows


def _met(run: Run, seeds: Mapping[int, Trained], name: str) -> bool:
    """Tell whether every network of ``run`` met the attack ``name``, or one that is the same on it."""
    try:
        text = attack_text(run, attack_named(name))
    except BadInput:  # an attack that this suite does not have any more
        return False
    return all(text in network.attacks for network in seeds.values())


def _worst(network: Trained, names: list[str], lineup: Lineup) -> Outcomes:
    texts = {attack_text(network.run, attack_named(name)) for name in names}
    return worst_case({text: network.attacks[text].outcomes for text in texts}, lineup.eps)


def _verdicts(lineup: Lineup, worst: Mapping[Run, Mapping[int, Outcomes]], tested: bool) -> dict[str, str]:
    """Return what may be said of each run against its control, all runs of the figure one family.

    ``tested``: whether the margin step is among the attacks of all networks, up to the largest radius of a verdict; without
    it nothing tells a masked gradient from strength.
    """
    radii = CUSTOMARY.of(lineup.eps)
    if not radii:
        return {}
    samples = {
        run.name: {seed: Sample(each.indices, each.values(Quantity.ACCURACY, radii)) for seed, each in seeds.items()}
        for run, seeds in worst.items()
    }
    judged = judge_family(effects_of(lineup, Panel(samples))).items()
    masked = False if tested else None
    return {
        name: replace(each, masked=masked, control_masked=masked, attacks="these attacks").sentence
        for name, each in judged
    }


def _cells(
    networks: Mapping[int, Trained], outcomes: Mapping[int, Outcomes], eps: tuple[float, ...]
) -> dict[float, Cell]:
    record = next(iter(networks.values())).attacks[str(Fgsm())].record
    attacked = {seed: (each, Attacked(record, outcomes[seed])) for seed, each in networks.items()}
    radii = [radius for radius in SHOWN if radius in eps]
    if not radii:
        return {}
    return dict(zip(radii, measured(attacked, [(Quantity.ACCURACY, radius) for radius in radii]), strict=True))
