"""Trained networks read from records, and the rule for which may be compared: one version, the same images."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bench.records.files import Arrays
from bench.records.outcomes import Outcomes
from bench.records.schema import AttackRecord, AuditRecord, LatencyRecord, LookRecord, Metrics, TrainingRecord
from bench.spec.run import Run
from bench.spec.words import plural

Group = TypeVar("Group")


@dataclass(frozen=True)
class RecordedAttack:
    """One attack on one network: its record and its outcome on each image."""

    record: AttackRecord
    outcomes: Outcomes

    @property
    def without_temperature(self) -> bool:
        """Whether no temperature matters to the attack: it follows no gradient of the cross-entropy, which could be masked.

        This holds for a loss without a temperature, such as the logit margin, and for attacks without a loss.
        """
        return self.record.threat.temperature is None

    @property
    def size(self) -> tuple[int, int]:
        """The number of images and of radii."""
        return len(self.outcomes.indices), len(self.outcomes.eps)


@dataclass(frozen=True)
class TrainedNetwork:
    """One trained network: its run (with the seed), the record of its training, its attacks by their text, its audits,
    its last timing, its looks.

    Of two records of one attack, the one on more images is kept, then the one with more radii. Audits go by the name of
    their battery, looks with their numbers by their count of images.
    """

    run: Run
    record: TrainingRecord
    attacks: Mapping[str, RecordedAttack]
    audits: Mapping[str, AuditRecord] = field(default_factory=dict)
    latency: LatencyRecord | None = None
    looks: Mapping[int, tuple[LookRecord, Arrays]] = field(default_factory=dict)

    @property
    def metrics(self) -> Metrics:
        """The measured metrics: accuracy, sparsity, parameters, multiply-accumulates, bytes."""
        return self.record.measured

    @property
    def comparable(self) -> tuple[str, str]:
        """What two networks must share to be compared: the version of their training and the data's fingerprint."""
        return self.record.numbers, self.record.data.fingerprint

    def __str__(self) -> str:
        return f"{self.run.name}, seed {self.run.seed}"


@dataclass(frozen=True)
class LeftOut:
    """A run, an attack or a file that is not used, by name, and why.

    ``damaged``: it is damaged or cannot be read, and not merely of another version or other images.
    """

    what: str
    reason: str
    damaged: bool = False


def seeds_text(seeds: Iterable[int]) -> str:
    """Return ascending seeds as text, as "0, 1, 2"; more than five in a row as "0 to 116"."""
    rows: list[list[int]] = []
    for seed in seeds:
        if rows and seed == rows[-1][-1] + 1:
            rows[-1].append(seed)
        else:
            rows.append([seed])
    return ", ".join(f"{row[0]} to {row[-1]}" if len(row) > 5 else ", ".join(map(str, row)) for row in rows)


def named_seeds(seeds: Iterable[int]) -> str:
    """Return ``seeds`` as text after their noun: "seed 0", "seeds 0, 1"."""
    found = list(seeds)
    return f"{plural(len(found), 'seed')} {seeds_text(found)}"


def comparable_networks(networks: Iterable[TrainedNetwork]) -> tuple[list[TrainedNetwork], list[LeftOut]]:
    """Return the networks that can be compared, and what that leaves out.

    Of the networks on one data set, or one folder of images, at one image size, those of the most common version and images
    are kept; at a tie, those of the newest. So it is with the versions of a file that an architecture names. Of each attack
    and each audit, the records of its most common version are kept; at a tie, those of the highest. An audit is left out where
    its control was trained again since, and an attack where the network that its images were made on was.
    """
    sets: dict[tuple[str, str, int], dict[tuple[str, str], list[TrainedNetwork]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for each in networks:
        sets[each.run.dataset, each.run.data_name, each.run.image_size][each.comparable].append(each)
    chosen: list[TrainedNetwork] = []
    others: list[LeftOut] = []
    for groups in sets.values():
        best = _most(groups)
        chosen += _one_version_each(_one_source_each(groups[best], others), others)
        for group, rest in groups.items():
            if group != best:
                differs = " and ".join(
                    f"{what} {ours[:24]} where most have {theirs[:24]}"
                    for what, ours, theirs in zip(("training", "data"), group, best, strict=True)
                    if ours != theirs
                )
                others += [LeftOut(str(each), f"{differs}: not mixed without --mixed") for each in rest]
    return chosen, others


def _one_source_each(networks: Iterable[TrainedNetwork], others: list[LeftOut]) -> list[TrainedNetwork]:
    """Return the networks that one version of each architecture's file made; add to ``others`` what that leaves out."""
    files: dict[str, dict[str | None, list[TrainedNetwork]]] = defaultdict(lambda: defaultdict(list))
    for each in networks:
        files[each.run.arch][each.record.source].append(each)
    kept: list[TrainedNetwork] = []
    for arch, versions in files.items():
        best = _most(versions)
        kept += versions.pop(best)
        for source, rest in versions.items():
            reason = f"{arch} was sha256 {(source or 'none')[:12]} where most have {(best or 'none')[:12]}"
            others += [LeftOut(str(each), f"{reason}: not mixed without --mixed") for each in rest]
    return kept


def _most(groups: Mapping[Group, list[TrainedNetwork]]) -> Group:
    """Return the key of the group with the most networks; at a tie, that with the newest network."""
    return max(groups, key=lambda each: (len(groups[each]), max(map(_started, groups[each]))))


def _one_version_each(networks: Iterable[TrainedNetwork], others: list[LeftOut]) -> list[TrainedNetwork]:
    """Return ``networks`` with what can be compared of their attacks and audits; add to ``others`` what that leaves out."""
    kept = list(networks)
    attacks = _most_common((text, each.record) for network in kept for text, each in network.attacks.items())
    audits = _most_common(each for network in kept for each in network.audits.items())
    weights = {(each.run.name, each.run.seed): each.record.weights for each in kept}
    found = []
    for network in kept:
        bad = {
            text: _fault_of_attack(each.record, network.run, attacks[text], weights)
            for text, each in network.attacks.items()
        }
        others += [LeftOut(f"{text} of {network}", reason) for text, reason in sorted(bad.items()) if reason]
        attacked = {text: each for text, each in network.attacks.items() if not bad[text]}
        wrong = {
            name: _fault_of_audit(each, network.run, audits[name], weights) for name, each in network.audits.items()
        }
        others += [LeftOut(f"audit ({name}) of {network}", reason) for name, reason in wrong.items() if reason]
        audited = {name: each for name, each in network.audits.items() if not wrong[name]}
        found.append(replace(network, attacks=attacked, audits=audited))
    return found


def _fault_of_attack(attack: AttackRecord, run: Run, usual: str, weights: Mapping[tuple[str, int], str]) -> str:
    """Return why ``attack`` on ``run`` is left out: its version is not the ``usual``, or a source has other ``weights`` now.

    Empty where it is used.
    """
    if attack.numbers != usual:
        return f"attack {attack.numbers} where most have {usual}: not mixed without --mixed"
    for each in attack.sources:
        if weights.get((each.run, run.seed), each.weights) != each.weights:
            return f"its images are of {each.run}, which was trained again since: run it again with the same --attack"
    return ""


def _fault_of_audit(audit: AuditRecord, run: Run, usual: str, weights: Mapping[tuple[str, int], str]) -> str:
    """Return why ``audit`` of ``run`` is left out: its version is not the ``usual``, or its control has other ``weights`` now.

    Empty where it is used.
    """
    control = audit.control
    if audit.numbers != usual:
        return f"audit {audit.numbers} where most have {usual}: not mixed without --mixed"
    if control and weights.get((control.run, control.seed), control.weights) != control.weights:
        return f"its control was trained again since: bench audit {run.key} judges it again"
    return ""


def _most_common(records: Iterable[tuple[str, AttackRecord | AuditRecord]]) -> dict[str, str]:
    """Return for each name the version that most of its ``records`` have, as ``numbers`` says it; at a tie, the highest."""
    counted: dict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    for name, record in records:
        counted[name][record.known_version or 0, record.numbers] += 1
    return {name: max(versions, key=lambda each: (versions[each], each))[1] for name, versions in counted.items()}


def _started(network: TrainedNetwork) -> str:
    return network.record.volatile.started
