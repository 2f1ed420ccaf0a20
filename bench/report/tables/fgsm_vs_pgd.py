"""The table of one step against many."""

from __future__ import annotations

from bench.attacks.pgd import Pgd
from bench.comparison.fgsm_vs_pgd import TOLERATED, StepPair, step_pairs
from bench.records.collection import Collection
from bench.report.tables.cells import counted, in_percent
from bench.report.tables.table import Cell, Table, columns
from bench.report.wording import eps_unit


def fgsm_vs_pgd_table(collection: Collection) -> Table | None:
    """Return accuracy of each network under one step and under many. None where no network was attacked by PGD."""
    found = step_pairs(collection)
    if not found:
        return None
    radii = sorted({radius for pair in found for radius in pair.accuracy})
    names = {
        "run": ("run", "seed"),
        "threat": ("one step", "many steps", "images"),
        "masking": ("images without gradient", "gradient masked"),
        "accuracy": [f"{steps}, eps {radius:g}" for radius in radii for steps in ("one", "many")],
    }
    rows = tuple(
        (
            Cell(pair.network.run.name),
            Cell(str(pair.network.run.seed), pair.network.run.seed),
            Cell(pair.one.record.attack),
            Cell(pair.many.record.attack),
            counted(pair.images),
            in_percent(pair.many.record.gradient_zero_images),
            Cell({None: "not tested", True: "masked", False: "not seen"}[pair.masked]),
            *[in_percent(each) for radius in radii for each in pair.accuracy.get(radius, (None, None))],
        )
        for pair in found
    )
    versions = " and ".join(sorted({pair.many.record.numbers for pair in found}))
    caption = (
        f"Accuracy in percent under one FGSM step and under many steps (PGD, {versions}) at the same eps, on the same "
        f"images. Threat model: {eps_unit(Pgd.norm)}, white box, true labels."
    )
    return Table("fgsm_vs_pgd", "One step against many", caption, (_words(found),), columns(names), rows)


def _words(found: list[StepPair]) -> str:
    """Return what the table says, in a few sentences."""
    seeing = [pair for pair in found if not pair.masked]
    masked = f"In {len(found) - len(seeing)} of {len(found)} rows the gradient is masked"
    parts = [f"{masked}, so many steps that follow it show little."] if len(seeing) < len(found) else []
    if seeing:
        failed = [str(pair.network) for pair in found if pair.weaker_by > TOLERATED]
        parts.insert(0, _strongest(max(seeing, key=lambda pair: pair.stronger_by)))
        more = f"over {100 * TOLERATED:g} points more than one"
        parts.append(
            f"On {', '.join(failed)} many steps leave {more}: PGD failed there."
            if failed
            else f"Many steps never leave {more}, so PGD did not fail."
        )
    return " ".join(parts)


def _strongest(most: StepPair) -> str:
    if most.stronger_by <= TOLERATED:
        return "Many steps lower accuracy hardly more than one here."
    radius = max(most.accuracy, key=lambda eps: most.accuracy[eps][0] - most.accuracy[eps][1])
    before, after = most.accuracy[radius]
    return (
        f"Many steps lower accuracy more than one: the most on {most.network}, at eps {radius:g}, {100 * after:.1f} % instead "
        f"of {100 * before:.1f} %. Accuracy under one step is therefore no measure of robustness."
    )
