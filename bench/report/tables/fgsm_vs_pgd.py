"""The table of one step against many."""

from __future__ import annotations

from bench.attacks.pgd import Pgd
from bench.comparison.fgsm_vs_pgd import TOLERATED, StepPair, step_pairs
from bench.comparison.verdict import DASH
from bench.records.collection import Collection
from bench.report.tables.table import Cell, Column, Table
from bench.report.wording import eps_unit


def iterated_table(collection: Collection) -> Table | None:
    """Return accuracy under one step and under many, a row a network; None where no network was attacked by PGD."""
    found = step_pairs(collection)
    if not found:
        return None
    radii = sorted({radius for pair in found for radius in pair.accuracy})
    columns = (
        Column("run", "run", "text"),
        Column("seed", "run", "number"),
        Column("one step", "threat", "text"),
        Column("many steps", "threat", "text"),
        Column("images", "run", "number"),
        Column("images without gradient", "masking", "share"),
        Column("gradient masked", "masking", "text"),
        *[Column(f"{steps}, eps {radius:g}", "accuracy", "share") for radius in radii for steps in ("one", "many")],
    )
    rows = tuple(
        (
            Cell(pair.network.run.name),
            Cell(str(pair.network.run.seed), pair.network.run.seed),
            Cell(pair.one.record.attack),
            Cell(pair.many.record.attack),
            Cell(f"{pair.images:,}", pair.images),
            Cell(f"{100 * pair.zero_gradients:.1f}", pair.zero_gradients),
            Cell({None: "not tested", True: "masked", False: "not seen"}[pair.masked]),
            *[_share(pair, radius, place) for radius in radii for place in (0, 1)],
        )
        for pair in found
    )
    caption = (
        "Accuracy in percent under one FGSM step and under iterated steps (PGD, by ART) of the same radius, on the same "
        f"images. Threat model: {eps_unit(Pgd.norm)}, white box, true labels."
    )
    return Table("iterated", "One step against many", caption, (_words(found),), columns, rows)


def _share(pair: StepPair, radius: float, place: int) -> Cell:
    if radius not in pair.accuracy:
        return Cell(DASH)
    share = pair.accuracy[radius][place]
    return Cell(f"{100 * share:.1f}", share)


def _words(found: list[StepPair]) -> str:
    """Return what the table says, in a sentence."""
    seeing = [pair for pair in found if not pair.masked]
    flagged = [pair for pair in found if pair.weaker_by > TOLERATED]
    blind = len(found) - len(seeing)
    masked = f" In {blind} of {len(found)} rows the gradient is masked: many steps after a gradient of zero go nowhere."
    if not seeing:
        return masked.strip()
    most = max(seeing, key=lambda pair: pair.stronger_by)
    radius = max(most.accuracy, key=lambda eps: most.accuracy[eps][0] - most.accuracy[eps][1])
    before, after = most.accuracy[radius]
    name = f"{most.network.run.name}, seed {most.network.run.seed}"
    many = (
        f"Many steps leave less than one: at most on {name}, at eps {radius:g}, {100 * after:.1f} % in place of "
        f"{100 * before:.1f} %. What one step leaves is therefore no measure of what a network withstands."
        if most.stronger_by > TOLERATED
        else "Many steps take hardly more than one here."
    )
    odd = ", ".join(f"{pair.network.run.name}, seed {pair.network.run.seed}" for pair in flagged)
    fault = (
        f"On {odd} one step takes more than many by over {100 * TOLERATED:g} points: the iterated attack failed there."
    )
    sound = f"On no network does one step take more than many by over {100 * TOLERATED:g} points."
    return f"{many}{masked * bool(blind)} {fault if flagged else sound}"
