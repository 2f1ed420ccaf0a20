"""What FGSM says of every network and what is really left of it: from its audit, or else from its recorded attacks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.attacks import known_attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.norms import LINF
from bench.audit.battery import SCREEN, is_int8
from bench.audit.verdict import Kind
from bench.comparison.compression import compression_of
from bench.comparison.group import AttackedNetwork, attacked_by
from bench.comparison.masked_networks import is_masked
from bench.comparison.method_of import method_of
from bench.comparison.worst_case import worst_case
from bench.evaluation.learned import learned
from bench.records.collection import Collection
from bench.records.networks import RecordedAttack, TrainedNetwork
from bench.records.outcomes import common_images
from bench.records.schema import AuditRecord, LeftRow
from bench.spec.run import Run
from bench.spec.seeds import SEEDS

USUAL = 4.0  # the radius of a picture that shows one, in pixel levels: the larger one of an audit at 64 px
NOT_AUDITED = "not audited"
NAIVE = str(Fgsm(knowledge="none"))
Seeds = Mapping[int, TrainedNetwork]


@dataclass(frozen=True)
class Standing:
    """Where a network stands at one radius. Accuracies are means over its seeds, in [0, 1].

    Args:
        seeds: those that the numbers are from. Where some are audited, or met more attacks, the others do not count.
        naive: under one FGSM step on the cross-entropy, attacker at T = 1.
        left: under the worst attack found, image by image: an upper bound.
        images: those that ``naive`` and ``left`` are of, the fewest of a seed.
        verdict: of the audit on the most images; None where there is none.
        deciding: the names of the attacks that were tried, or that of the audit that the numbers are from.
        judged_by: the names of the audits that the verdict is from.
        misled: whether a check of the audit found that its attacks failed: then far less may be left.
        hides: whether a step on the margin shows that FGSM met a masked gradient; None where that was not tested.
        certified: what no attack can lower; None where no bound was computed at some seed.
        compression: the control's parameters over those of the network that are not zero; None without the control.
    """

    run: Run
    seeds: tuple[int, ...]
    eps: float
    clean: float
    naive: float
    left: float
    images: int
    verdict: Kind | None
    deciding: tuple[str, ...]
    judged_by: tuple[str, ...] = ()
    misled: bool = False
    hides: bool | None = None
    learned: bool = True
    certified: float | None = None
    compression: float | None = None

    @property
    def audited(self) -> bool:
        """Whether the numbers are those of an audit."""
        return self.verdict is not None

    @property
    def word(self) -> str:
        """The verdict in a word, or that there is none."""
        return self.verdict or NOT_AUDITED

    @property
    def illusion(self) -> float:
        """How much FGSM overstates what is left."""
        return self.naive - self.left

    @property
    def second_attack(self) -> bool:
        """Whether anything but FGSM at T = 1 was tried. Without it the illusion is not known."""
        return self.audited or len(self.deciding) > 1

    @property
    def method(self) -> str:
        """The method that made the network."""
        return method_of(self.run)

    @property
    def provisional(self) -> bool:
        """Whether "resists" rests on too few seeds."""
        return self.verdict is Kind.RESISTS and len(self.seeds) < SEEDS


def standings(collection: Collection) -> list[Standing]:
    """Return the standing of every network of ``collection`` that has one.

    An audited network has its standing at the L-infinity radius of its audit that is nearest to 4 pixel levels. Any other has it
    at the radius at which most of these were attacked by one FGSM step at T = 1; at a tie at the nearest to 4.
    """
    known = {name: _known(seeds) for name, seeds in collection.networks.items()}
    audited = {name for name, seeds in collection.networks.items() if _is_audited(seeds)}
    counted = Counter(radius for name, found in known.items() if name not in audited for radius in found)
    common = max(counted, key=lambda radius: (counted[radius], *_usual(radius)), default=0.0)
    chosen = {name: max(known[name], key=_usual, default=0.0) if name in audited else common for name in known}
    return [
        _standing(collection, seeds, chosen[name])
        for name, seeds in collection.networks.items()
        if chosen[name] in known[name]
    ]


def _usual(radius: float) -> tuple[float, float]:
    return -abs(math.log(radius / USUAL)), radius


def audit_of(network: TrainedNetwork) -> AuditRecord | None:
    """Return the audit whose numbers stand for ``network``: the screen where it is there, on whose images others were audited.

    An audit of the network in 8 bits says nothing of the network as it was trained. None where there is no other.
    """
    return network.audits.get(SCREEN.name) or judged_by(network)


def judged_by(network: TrainedNetwork) -> AuditRecord | None:
    """Return the audit whose verdict stands for ``network`` as it was trained: the one on the most images; None without one."""
    found = [audit for audit in network.audits.values() if not is_int8(audit.battery)]
    return max(found, key=lambda audit: audit.images, default=None)


def naive_attack(network: TrainedNetwork) -> RecordedAttack | None:
    """Return the FGSM step by an attacker at T = 1; None where it is not recorded."""
    return attacked_by(network, NAIVE)


def _is_audited(seeds: Seeds) -> bool:
    return any(audit_of(network) for network in seeds.values())


def _known(seeds: Seeds) -> set[float]:
    """Return the radii but 0 at which every network that counts has a number."""
    found = [_radii(network) for network in _counting(seeds).values()]
    return set.intersection(*found) if found else set()


def _counting(seeds: Seeds) -> Seeds:
    """Return the audited networks of ``seeds``; where there are none, those with FGSM at T = 1 and the most attacks."""
    audited = {seed: network for seed, network in seeds.items() if audit_of(network)}
    tried = {seed: len(_counted(network)) for seed, network in seeds.items() if naive_attack(network)}
    return audited or {seed: seeds[seed] for seed, count in tried.items() if count == max(tried.values())}


def _radii(network: TrainedNetwork) -> set[float]:
    audit, attack = audit_of(network), naive_attack(network)
    if audit:
        return {row.eps for row in audit.verdict.rows}
    return {radius for radius in attack.outcomes.eps if radius} if attack else set()


def _standing(collection: Collection, seeds: Seeds, eps: float) -> Standing:
    counting = _counting(seeds)
    audits = [audit for audit in map(audit_of, counting.values()) if audit]
    found = [_audited(audit, eps) for audit in audits] or [_attacked(network, eps) for network in counting.values()]
    clean, naive, left, images = zip(*found, strict=True)
    run = next(iter(counting.values())).run
    judging = [audit for audit in map(judged_by, counting.values()) if audit]
    bounds = [
        row.certified for audit in judging for row in audit.verdict.rows if row.eps == eps and row.certified is not None
    ]
    stepped = {
        seed: AttackedNetwork(network, step) for seed, network in counting.items() if (step := naive_attack(network))
    }
    smaller = compression_of(collection, run)
    return Standing(
        run=run,
        seeds=tuple(counting),
        eps=eps,
        clean=fmean(clean),
        naive=fmean(naive),
        left=fmean(left),
        images=min(images),
        verdict=_verdict(judging),
        deciding=tuple(dict.fromkeys(audit.battery for audit in audits)) or _deciding(counting),
        judged_by=tuple(dict.fromkeys(audit.battery for audit in judging)),
        misled=any(audit.verdict.misled for audit in judging),
        hides=is_masked(stepped) if stepped else None,
        learned=all(learned(network.record) for network in counting.values()),
        certified=sum(bounds) / len(bounds) if bounds and len(bounds) == len(audits) else None,
        compression=sum(smaller.parameters) / len(smaller.parameters) if smaller else None,
    )


def _verdict(audits: Sequence[AuditRecord]) -> Kind | None:
    """Return the verdict that all seeds share. One masked seed is enough; seeds that differ otherwise decide nothing."""
    kinds = {Kind(audit.verdict.kind) for audit in audits}
    if Kind.MASKED in kinds:
        return Kind.MASKED
    return next(iter(kinds), None) if len(kinds) < 2 else Kind.INCONCLUSIVE


def _row(audit: AuditRecord, eps: float) -> LeftRow:
    return next(row for row in audit.verdict.rows if row.eps == eps)


def _audited(audit: AuditRecord, eps: float) -> tuple[float, float, float, int]:
    row = _row(audit, eps)
    return audit.verdict.clean, row.naive, row.left, audit.images


def _attacked(network: TrainedNetwork, eps: float) -> tuple[float, float, float, int]:
    """Return clean accuracy, that under FGSM, that under the worst recorded attack, and how many images met all of them."""
    step, attacks = naive_attack(network), _counted(network)
    assert step is not None  # a network without it has no radius
    radii = (0.0, *[radius for radius in step.outcomes.eps if 0 < radius <= eps])
    worst = worst_case({**attacks, step.record.attack: step}, radii)
    own = step.outcomes.part(worst.indices, (0.0, eps)).right.mean(axis=1)
    return float(own[0]), float(own[1]), float(worst.right[-1].mean()), len(worst.indices)


def _counted(network: TrainedNetwork) -> dict[str, RecordedAttack]:
    """Return the L-infinity attacks whose success counts, on some images that FGSM was tried on."""
    step = naive_attack(network)
    if step is None:
        return {}
    return {
        text: attack
        for text, attack in network.attacks.items()
        if attack.record.threat.norm == LINF.name
        and _counts(text)
        and len(common_images({"one": step.outcomes, "other": attack.outcomes}))
    }


def _counts(text: str) -> bool:
    attack = known_attack(text)
    return attack is not None and attack.counts


def _deciding(counting: Seeds) -> tuple[str, ...]:
    """Return the names of the attacks that every network of ``counting`` met."""
    sets = [set(_counted(network)) for network in counting.values()]
    return tuple(sorted(set.intersection(*sets))) if sets else ()
