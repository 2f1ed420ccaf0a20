"""The table of looks: how far maps agree with the control's, beside accuracy, and what is forgotten."""

from __future__ import annotations

from collections.abc import Mapping

from bench.comparison.looking import Agreement, Mean, Seen, judged, seen
from bench.comparison.verdict import DASH
from bench.datasets.class_names import name_of
from bench.looking.limits import SANITY
from bench.looking.saliency import SALIENCIES
from bench.records.collection import Collection
from bench.records.networks import TrainedNetwork
from bench.records.schema import ControlRow
from bench.report.network_names import called, names_in
from bench.report.tables.cells import counted, in_percent
from bench.report.tables.table import Cell, Table, columns
from bench.spec.control import control_of
from bench.spec.key import key_of

NOTES = (
    "Agreement is Spearman's rank correlation over pixels, in the mean over images, with a 95 % interval. Two seeds: the control "
    "and another seed of it, which do not agree perfectly either. Shuffled: the network and itself with shuffled weights. "
    "n: the images in a mean, where the maps of the others are constant.",
    f"worthless: the agreement with shuffled weights is at least {SANITY:g}, of the network or of its control, so the map says "
    "little about what was learned (Adebayo et al. 2018). Constant maps cannot be tested.",
    "outdated: the control or its other seed was trained again, or is gone. What was compared with it is left out.",
    "What falls: what is shown to be below the control, corrected after Holm. Accuracy is tested on all validation images, "
    "agreement on a few, so a small fall of agreement may be missed.",
    "Forgotten: classes whose accuracy is shown to be lower than the control's, and images that only the control classifies "
    "correctly. The test covers the draw of images, not the chance of training: two seeds of one network differ in some "
    "classes too.",
)


def look_table(collection: Collection) -> Table | None:
    """Return a row for each network that was looked at, by its look at the most images; None where there is none."""
    found = {
        str(network): (network, _seen(collection, network, max(network.looks)))
        for network in collection.every
        if network.looks
    }
    if not found:
        return None
    corrected = judged({name: each for name, (_, each) in found.items()})
    names = {
        "run": ("network", "seed", "compared with"),
        "accuracy": ("accuracy", "change, points"),
        "agreement": (
            "images",
            *[f"{kind}, {what}" for kind in SALIENCIES for what in ("agreement", "two seeds", "shuffled")],
        ),
        "verdict": ("what falls",),
        "forgotten": ("images lost", "images gained", "classes forgotten"),
    }
    named = names_in(collection)
    rows = tuple(_row(named, network, corrected[name]) for name, (network, _) in found.items())
    missing = tuple(_again(network, each) for name, (network, each) in found.items() if each.outdated)
    caption = (
        "Where networks look, by three kinds of saliency map of the logit of the true class, and what they forget of what their "
        "control knows. Accuracy in percent on all validation images, without attack."
    )
    return Table("looks", "Where networks look", caption, NOTES, columns(names), rows, missing)


def _seen(collection: Collection, network: TrainedNetwork, images: int) -> Seen:
    own = network.looks[images]

    def other(row: ControlRow | None) -> TrainedNetwork | None:
        return collection.networks.get(row.run, {}).get(row.seed) if row else None

    control, seeds = other(own[0].control), other(own[0].seeds)
    return seen(
        own,
        control.looks.get(images) if control else None,
        seeds.looks.get(images) if seeds else None,
        network.record.data.classes,
    )


def _row(named: Mapping[str, str], network: TrainedNetwork, found: Seen) -> tuple[Cell, ...]:
    record, lost = found.record, found.forgotten
    by_kind = {each.saliency: each for each in found.agreements}
    whole = lost.whole if lost else None
    worse = ", ".join(name_of(each.name) for each in lost.worse) or "none shown" if lost else DASH
    return (
        Cell(named[network.run.name]),
        Cell(str(network.run.seed), network.run.seed),
        Cell(_compared(named, network, record.control)),
        in_percent(record.accuracy),
        Cell(
            whole.points,
            whole.difference,
            None,
            whole.low,
            whole.high,
        )
        if whole
        else Cell(DASH),
        Cell(str(record.images), record.images),
        *[cell for kind in SALIENCIES for cell in _agreement(by_kind.get(kind))],
        Cell("outdated", command=_again(network, found)) if found.outdated else Cell(found.falls or DASH),
        counted(whole.lost if whole else None),
        counted(whole.gained if whole else None),
        Cell(worse),
    )


def _again(network: TrainedNetwork, found: Seen) -> str:
    """Return the command that looks again."""
    return f"bench look {network.run.key} --images {found.record.images}"


def _compared(named: Mapping[str, str], network: TrainedNetwork, control: ControlRow | None) -> str:
    if control:
        return called(named, key_of(control.run, control.seed))
    return "the control" if network.run == control_of(network.run) else DASH


def _agreement(found: Agreement | None) -> tuple[Cell, Cell, Cell]:
    if found is None:
        return Cell(DASH), Cell(DASH), Cell(DASH)
    shuffled = _mean(found.shuffled, " worthless" * found.worthless) if found.shuffled else Cell("constant maps")
    return _mean(found.rank), _mean(found.seeds), shuffled


def _mean(mean: Mean | None, note: str = "") -> Cell:
    return Cell(mean.text + note, mean.value, None, mean.low, mean.high) if mean else Cell(DASH)
