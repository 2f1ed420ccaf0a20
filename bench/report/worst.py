"""What is left of each network when every attack on it has had its turn: an image counts as right where none flips it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from bench.attacks.fgsm import Fgsm
from bench.comparison.outcomes import Indices, Outcomes, Quantity
from bench.report.figure_table import measured
from bench.report.networks import Attacked, Trained, seeds_text
from bench.report.records import Records
from bench.report.table import DASH, Cell, Column, Table

SHOWN = (1.0, 2.0, 4.0, 8.0)
NOTES = (
    "The worst case is taken image by image, never as a mean of attacks, on the images that all attacks on a network share. "
    "It is an upper bound all the same: an attack that nobody ran counts for nothing, and one network's bound is to be held "
    "against another's where both met the same attacks.",
)


def worst_case(attacks: Mapping[str, Attacked]) -> Outcomes:
    """Return the outcomes of the worst of ``attacks``, image by image, on the images and radii that all of them have.

        w_i(e) = min over the attacks a of r_i(a, e)

    where r_i is 1 for an image classified rightly. An image that is not right has the class that the first attack to flip
    it, by name, gave it.
    """
    found = list(shared(attacks).values())
    labels, predictions = found[0].labels, found[0].predictions
    for each in found[1:]:
        predictions = np.where(predictions == labels, each.predictions, predictions)
    return Outcomes(found[0].eps, found[0].indices, labels, predictions)


def shared(attacks: Mapping[str, Attacked]) -> dict[str, Outcomes]:
    """Return the outcomes of each of ``attacks``, by its text, on the images and radii that all of them have."""
    found = {name: each.outcomes for name, each in sorted(attacks.items())}
    images = reduce(np.intersect1d, [each.indices for each in found.values()])
    first = next(iter(found.values()))
    radii = tuple(radius for radius in first.eps if all(radius in each.eps for each in found.values()))
    return {name: _part(each, images, radii) for name, each in found.items()}


def _part(outcomes: Outcomes, images: Indices, radii: tuple[float, ...]) -> Outcomes:
    places = np.searchsorted(outcomes.indices, images)
    rows = [outcomes.eps.index(radius) for radius in radii]
    return Outcomes(radii, images, outcomes.labels[places], outcomes.predictions[rows][:, places])


def worst_table(records: Records) -> Table | None:
    """Return accuracy under one step and in the worst case, a row a run and set of attacks; None where none met two."""
    rows = tuple(row for seeds in records.networks.values() for row in _rows(seeds))
    if not rows:
        return None
    columns = (
        Column("run", "run", "text"),
        Column("seeds", "run", "text"),
        Column("attacks", "threat", "text"),
        Column("images", "run", "number"),
        *[Column(f"{what}, eps {radius:g}", "accuracy", "share") for radius in SHOWN for what in ("one step", "worst")],
    )
    caption = (
        "Accuracy in percent [95 % interval] under one FGSM step by who knows the temperature, and in the worst case over "
        "every attack on the network that is recorded. Threat model: L-infinity, eps in pixel levels of 0 to 255, white box, "
        "true labels."
    )
    return Table("worst", "The worst of all attacks", caption, NOTES, columns, rows)


def _rows(seeds: Mapping[int, Trained]) -> list[tuple[Cell, ...]]:
    """Return a row for each set of attacks that networks of one run have met."""
    by_set: dict[tuple[str, ...], dict[int, Trained]] = {}
    for seed, network in seeds.items():
        if len(network.attacks) > 1 and str(Fgsm()) in network.attacks:
            by_set.setdefault(tuple(sorted(network.attacks)), {})[seed] = network
    return [_row(names, networks) for names, networks in by_set.items()]


def _row(names: tuple[str, ...], networks: Mapping[int, Trained]) -> tuple[Cell, ...]:
    usual = str(Fgsm())
    step = {seed: shared(each.attacks)[usual] for seed, each in networks.items()}
    worst = {seed: worst_case(each.attacks) for seed, each in networks.items()}
    first = next(iter(worst.values()))
    wanted = [(Quantity.ACCURACY, radius) for radius in SHOWN if radius in first.eps]
    found = [_cells(networks, each, wanted) for each in (step, worst)]
    return (
        Cell(next(iter(networks.values())).run.name),
        Cell(seeds_text(networks)),
        Cell(", ".join(names)),
        Cell(f"{len(first.indices):,}", len(first.indices)),
        *[each.get(radius, Cell(DASH)) for radius in SHOWN for each in found],
    )


def _cells(
    networks: Mapping[int, Trained], outcomes: Mapping[int, Outcomes], wanted: Sequence[tuple[Quantity, float]]
) -> dict[float, Cell]:
    usual = str(Fgsm())
    attacked = {seed: (each, Attacked(each.attacks[usual].record, outcomes[seed])) for seed, each in networks.items()}
    return dict(zip([radius for _, radius in wanted], measured(attacked, wanted), strict=True)) if wanted else {}
