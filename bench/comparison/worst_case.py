"""The worst case over all attacks in one norm, image by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bench.attacks import attack_named
from bench.comparison.against_control import effects_of, known_of
from bench.comparison.group import ComparisonGroup, attacked_by
from bench.comparison.paired import PairedSamples, Sample
from bench.comparison.verdict import judge_family
from bench.errors import BadInput
from bench.evaluation.masking import furthest, margin_step_on
from bench.records.networks import RecordedAttack, TrainedNetwork
from bench.records.outcomes import Outcomes, Quantity, common_images, customary
from bench.spec.run import Run


def worst_case(attacks: Mapping[str, RecordedAttack], eps: tuple[float, ...]) -> Outcomes:
    """Return the outcomes under the worst of ``attacks`` at each of ``eps`` (ascending, 0 first), on their common images.

        w_i(e) = min over attacks a, and radii e' <= e that a was measured at, of r_i(a, e')

    where r_i is 1 for an image classified correctly, else 0. A wrong image gets the first wrong class that it was given.

    Raises:
        BadInput: the attacks are not all in one norm: one eps means different things in two.

    Source: Carlini et al. 2019, arXiv:1902.06705 (the worst case over attacks, for each example).
    """
    norms = sorted({each.record.threat.norm for each in attacks.values()})
    if len(norms) > 1:
        raise BadInput(
            f"a worst case over {' and '.join(norms)}: one eps means different things in them; expected one norm"
        )
    outcomes = {name: each.outcomes for name, each in sorted(attacks.items())}
    images = common_images(outcomes)
    found = [each.part(images, each.eps) for each in outcomes.values()]
    labels = found[0].labels
    now, rows, below = labels, [], -1.0
    for radius in eps:
        for each in found:
            for measured, predictions in zip(each.eps, each.predictions, strict=True):
                if below < measured <= radius:
                    now = np.where(now == labels, predictions, now)
        rows.append(now)
        below = radius
    return Outcomes(eps, images, labels, np.stack(rows))


@dataclass(frozen=True)
class WorstCase:
    """The worst case of a group's networks over the attacks in the group's norm that count and were run on all of them.

    Of each attack, the radii count that it was run at on all networks: at fewer radii, a network would look stronger.

    Args:
        attacks: the texts of these attacks.
        shown_only: the texts of the attacks in the norm on any of the networks that do not count.
        networks: the networks of each run, by seed, that have the group's attack.
        outcomes: the worst case of each of them.
        tested: whether each has the margin step up to the largest radius of a verdict.
    """

    group: ComparisonGroup
    attacks: tuple[str, ...]
    shown_only: tuple[str, ...]
    networks: Mapping[Run, Mapping[int, TrainedNetwork]]
    outcomes: Mapping[Run, Mapping[int, Outcomes]]
    tested: bool

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each run against its control, by the run's name. All runs are one family."""
        radii = customary(self.group.attack.norm).of(self.group.eps)
        if not radii:
            return {}
        samples = {
            run.name: {
                seed: Sample(each.indices, each.values(Quantity.ACCURACY, radii)) for seed, each in seeds.items()
            }
            for run, seeds in self.outcomes.items()
        }
        masked = False if self.tested else None
        words: Any = {"masked": masked, "control_masked": masked, "attacks": "these attacks", "counts": True}
        known = known_of(self.group)
        judged = judge_family(effects_of(self.group, PairedSamples(samples, self.group.unlearned)))
        return {name: replace(each, **{**known[name], **words}).sentence for name, each in judged.items()}


def worst_case_of(group: ComparisonGroup) -> WorstCase | None:
    """Return the worst case of ``group``; None where its networks have fewer than two attacks that count in common."""
    attacked = {run: group.attacked(run) for run in group.runs if group.attacked(run)}
    networks = {run: {seed: each.network for seed, each in seeds.items()} for run, seeds in attacked.items()}
    every = [network for seeds in networks.values() for network in seeds.values()]
    texts = sorted({text for network in every for text in network.attacks})
    met = [text for text in texts if any(_has(network, text, group) for network in every)]
    counted = [text for text in met if attack_named(text).counts]
    common = {text: _shared(every, text) for text in counted if all(_has(each, text, group) for each in every)}
    common = {text: radii for text, radii in common.items() if max(radii) > 0}
    shown_only = tuple(text for text in met if text not in counted)
    if len(common) < 2:
        return None
    steps = [margin_step_on(each.network, each.attack) for seeds in attacked.values() for each in seeds.values()]
    tested = all(step is not None and furthest(group.eps, group.attack.norm) in step.outcomes.eps for step in steps)
    outcomes = {
        run: {seed: worst_case(_of(each, common), group.eps) for seed, each in seeds.items()}
        for run, seeds in networks.items()
    }
    return WorstCase(group, tuple(common), shown_only, networks, outcomes, tested)


def _has(network: TrainedNetwork, text: str, group: ComparisonGroup) -> bool:
    attack = attacked_by(network, text)
    return attack is not None and attack.record.threat.norm == group.attack.norm.name


def _shared(networks: Sequence[TrainedNetwork], text: str) -> tuple[float, ...]:
    """Return the radii, ascending, that every one of ``networks`` was attacked at by ``text``."""
    found = (attacked_by(network, text) for network in networks)
    return tuple(sorted(set.intersection(*(set(each.outcomes.eps) for each in found if each))))


def _of(network: TrainedNetwork, common: Mapping[str, tuple[float, ...]]) -> dict[str, RecordedAttack]:
    """Return the attacks ``common`` on ``network``, each at its radii there alone."""
    found = ((attacked_by(network, text), radii) for text, radii in common.items())
    return {
        each.record.attack: replace(each, outcomes=each.outcomes.part(each.outcomes.indices, radii))
        for each, radii in found
        if each is not None
    }
