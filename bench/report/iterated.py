"""What an iterated attack says of one step: both on the same images of the same network, wherever both were run."""

from __future__ import annotations

from dataclasses import dataclass

from bench.attacks import Attack, attack_named
from bench.attacks.fgsm import Fgsm
from bench.attacks.pgd import Pgd
from bench.errors import BadInput
from bench.report.masked import masked_at_all
from bench.report.networks import Attacked, Trained
from bench.report.records import Records
from bench.report.shared import shared
from bench.report.table import DASH, Cell, Column, Table

# By so much one step may take more on a few hundred images before it is called a fault of the iterated attack.
TOLERATED = 0.02


@dataclass(frozen=True)
class Pair:
    """One network under one step and under many: accuracy at each radius that both have but 0, on the images of both."""

    network: Trained
    one: Attacked
    many: Attacked
    images: int
    accuracy: dict[float, tuple[float, float]]

    @property
    def masked(self) -> bool | None:
        """Whether the gradient that the many steps follow is masked, by one step on the margin; None where none was made."""
        return masked_at_all({self.network.run.seed: (self.network, self.many)})

    @property
    def stronger_by(self) -> float:
        """The most, over the radii, by which the many steps take more than the one; negative where they never do."""
        return max(before - after for before, after in self.accuracy.values())

    @property
    def weaker_by(self) -> float:
        """The most, over the radii, by which the one step takes more: what an iterated attack must not allow."""
        return max(after - before for before, after in self.accuracy.values())


def pairs(records: Records) -> list[Pair]:
    """Return every network that was attacked by PGD and by the step that it repeats, in order of run, seed and attack."""
    found = []
    for seeds in records.networks.values():
        for network in seeds.values():
            for text, many in sorted(network.attacks.items()):
                one = _step(network, text)
                if one is not None:
                    found += _pair(network, one, many)
    return found


def _step(network: Trained, text: str) -> Attacked | None:
    """Return the one step on the same loss that the attack ``text`` repeats; None where it is no PGD, or was not run."""
    try:
        attack: Attack = attack_named(text)
    except BadInput:
        return None
    if not isinstance(attack, Pgd):
        return None
    alike, usual = (str(each) for each in (Fgsm(attack.knowledge, attack.loss), Fgsm()))
    return network.attacks.get(alike) or network.attacks.get(usual)


def _pair(network: Trained, one: Attacked, many: Attacked) -> list[Pair]:
    both = shared({"one": one.outcomes, "many": many.outcomes})
    images, radii = len(both["one"].indices), both["one"].eps
    if not images or not any(radii):
        return []
    means = [both[which].right.mean(axis=1) for which in ("one", "many")]
    values = {
        radius: (float(before), float(after)) for radius, before, after in zip(radii, *means, strict=True) if radius
    }
    return [Pair(network, one, many, images, values)]


def iterated_table(records: Records) -> Table | None:
    """Return accuracy under one step and under many, a row a network; None where no network was attacked by PGD."""
    found = pairs(records)
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
            Cell(str(pair.one.record["attack"])),
            Cell(str(pair.many.record["attack"])),
            Cell(f"{pair.images:,}", pair.images),
            Cell(f"{100 * zero(pair):.1f}", zero(pair)),
            Cell({None: "not tested", True: "masked", False: "not seen"}[pair.masked]),
            *[_share(pair, radius, place) for radius in radii for place in (0, 1)],
        )
        for pair in found
    )
    caption = (
        "Accuracy in percent under one FGSM step and under iterated steps (PGD, by ART) of the same radius, on the same "
        "images. Threat model: L-infinity, eps in pixel levels of 0 to 255, white box, true labels."
    )
    return Table("iterated", "One step against many", caption, (_words(found),), columns, rows)


def zero(pair: Pair) -> float:
    """Return the share of images on which the many steps see no gradient at their start."""
    return float(pair.many.record["gradient_zero_images"])


def _share(pair: Pair, radius: float, place: int) -> Cell:
    if radius not in pair.accuracy:
        return Cell(DASH)
    share = pair.accuracy[radius][place]
    return Cell(f"{100 * share:.1f}", share)


def _words(found: list[Pair]) -> str:
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
