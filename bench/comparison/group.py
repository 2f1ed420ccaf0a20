"""Comparison groups: the networks of a figure under one attack, each with its control."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from bench.attacks import Attack, known_attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import attack_specs, default_attacks
from bench.comparison.paired import PairedSamples, Sample
from bench.evaluation.learned import learned
from bench.evaluation.masking import Masking, tested
from bench.records.collection import Collection
from bench.records.networks import RecordedAttack, TrainedNetwork
from bench.records.outcomes import Band, Outcomes, Quantity
from bench.records.schema import AttackRecord
from bench.records.status import State
from bench.runs.command import attack_options, run_options
from bench.runs.grid import Figure, Grid
from bench.spec.control import control_of
from bench.spec.run import Run

# Settings that a label has words for, or needs none. Any other setting is named where the runs differ in it.
LABELLED = {"arch", "low_rank_from", "seed", *(each.name for each in fields(Run) if each.metadata["words"])}


@dataclass(frozen=True)
class AttackedNetwork:
    """A trained network and one attack on it."""

    network: TrainedNetwork
    attack: RecordedAttack

    @property
    def record(self) -> AttackRecord:
        """The record of the attack."""
        return self.attack.record

    @property
    def outcomes(self) -> Outcomes:
        """The outcome on each image."""
        return self.attack.outcomes

    @property
    def learned(self) -> bool:
        """Whether the network learned. One at chance is not judged."""
        return learned(self.network.record)

    @cached_property
    def masking(self) -> Masking | None:
        """The test of the attack by the margin step; None where that tests nothing."""
        return tested(self.network, self.attack)


@dataclass(frozen=True)
class ComparisonGroup:
    """The runs of a figure under one attack, controls first, with their recorded networks.

    Args:
        figure: the name of the figure.
        attack: the attack that all of them are compared under.
        runs: the runs, at the grid's first seed.
        eps: radii in the attack's norm and its unit, 0 first.
        fraction: of the validation images.
        attacks: the attacks that the figure names; empty where it has the default ones.
    """

    figure: str
    title: str
    attack: Attack
    runs: tuple[Run, ...]
    eps: tuple[float, ...]
    fraction: float
    seeds: tuple[int, ...]
    attacks: tuple[Attack, ...]
    collection: Collection

    @property
    def name(self) -> str:
        """A name for files: the figure and, unless the attack is FGSM, the attack."""
        attack = "".join(each if each.isalnum() else "-" for each in str(self.attack)).strip("-")
        return self.figure if self.attack == Fgsm() else f"{self.figure}-{attack}"

    @property
    def leads(self) -> bool:
        """Whether this is the first group of its figure. It stands for the figure where the attack does not matter."""
        return self.attack == next(iter(self.attacks), Fgsm())

    @property
    def attacker(self) -> str:
        """The attack's label, or one for all runs where the label depends on the network's temperature."""
        labels = dict.fromkeys(self.attack.threat(run.temperature).label for run in self.runs)
        first = next(iter(labels))
        return first if len(labels) == 1 else first.rpartition("T = ")[0] + "each network's own T"

    @property
    def compared(self) -> tuple[Run, ...]:
        """The runs that have a control: all but the controls themselves."""
        return tuple(run for run in self.runs if run != control_of(run))

    def label(self, run: Run) -> str:
        """Return a short label that tells ``run`` from the others: "98 % zero", "LR1", "T = 20", "adversarial eps 2"."""
        parts = [*([run.arch] if len({each.arch for each in self.runs}) > 1 else []), *run.words.values()]
        acting = {acts.method: acts.without for each in self.runs for acts in each.methods}
        named = parts or [next(iter(acting.values())) if len(acting) == 1 else "control"]
        own, others = run.effective, [each.effective for each in self.runs]
        differs = [
            name for name in own if name not in LABELLED and len({each.get(name, own[name]) for each in others}) > 1
        ]
        return ", ".join([*named, *[f"{name.replace('_', ' ')} {own[name]}" for name in differs]])

    def trained(self, run: Run) -> Mapping[int, TrainedNetwork]:
        """Return the networks of ``run`` by seed, attacked or not."""
        return self.collection.of(run)

    def attacked(self, run: Run) -> Mapping[int, AttackedNetwork]:
        """Return the networks of ``run``, by seed, that have this attack at every radius of ``eps``."""
        return self._attacked[run]

    @cached_property
    def _attacked(self) -> dict[Run, dict[int, AttackedNetwork]]:
        found: dict[Run, dict[int, AttackedNetwork]] = {run: {} for run in self.runs}
        for run in self.runs:
            for seed, network in sorted(self.trained(run).items()):
                attack = attacked_by(network, str(self.attack))
                if attack and set(self.eps) <= set(attack.outcomes.eps):
                    found[run][seed] = AttackedNetwork(network, attack)
        return found

    def learned(self, run: Run) -> bool:
        """Tell whether the networks of ``run`` that have the attack learned, all of them."""
        return all(each.learned for each in self.attacked(run).values())

    @cached_property
    def unlearned(self) -> frozenset[str]:
        """The names of the runs of which a network did not learn."""
        return frozenset(run.name for run in self.runs if not self.learned(run))

    @property
    def measured(self) -> bool:
        """Whether any network of the group has the attack."""
        return any(self._attacked.values())

    @property
    def classes(self) -> list[int]:
        """The distinct numbers of classes of the networks, ascending."""
        return sorted({len(each.record.data.classes) for run in self.runs for each in self.trained(run).values()})

    def samples(self, quantity: Quantity, band: Band) -> PairedSamples:
        """Return ``quantity`` of every run by the run's name, averaged over the radii of ``eps`` in ``band``."""
        radii = band.of(self.eps)
        samples: dict[str, dict[int, Sample]] = {}
        for run in self.runs if radii else ():
            found = {}
            for seed, attacked in self.attacked(run).items():
                values = attacked.outcomes.values(quantity, radii)
                if quantity is not Quantity.CLEAN_CORRECT or np.isfinite(values).all():
                    found[seed] = Sample(attacked.outcomes.indices, values)
            if found:
                samples[run.name] = found
        return PairedSamples(samples, self.unlearned)

    @cached_property
    def missing(self) -> Mapping[Run, str]:
        """The command for every run without the attack, at the grid's seeds and at those that some run of the group has.

        Training is deterministic: a run that diverged would diverge again, and its command says so.
        """
        unfinished = self.collection.unfinished
        ends = {(run.name, run.seed): seen for run, seen in unfinished if seen.state is State.DIVERGED}
        seeds = {*self.seeds, *(seed for run in self.runs for seed in self.trained(run))}
        found = {}
        for seed, run in itertools.product(sorted(seeds), self.runs):
            if seed not in self.attacked(run):
                own = replace(run, seed=seed)
                seen = ends.get((own.name, seed))
                note = f"  # diverged in {seen.note}, and would diverge again" if seen else ""
                found[own] = self.command(own) + note
        return found

    def command(self, run: Run, attacks: Sequence[Attack] | None = None) -> str:
        """Return the command that trains ``run`` and attacks it with the group's attacks, or with ``attacks``."""
        specs = attack_specs(run, self.attacks if attacks is None else attacks, self.eps, self.fraction)
        return shlex.join(["bench", "run", *run_options(run), *attack_options(run, specs)])


def attacked_by(network: TrainedNetwork, text: str) -> RecordedAttack | None:
    """Return the attack ``text`` on ``network``; None where it was not run, or the suite no longer has it."""
    attack = known_attack(text)
    return network.attacks.get(str(attack.against(network.run.temperature))) if attack else None


def comparison_groups(
    grid: Grid, collection: Collection, figures: Sequence[Figure] | None = None
) -> list[ComparisonGroup]:
    """Return one group for each attack of each of ``figures``; by default, all figures of ``grid`` but the optional."""
    found = []
    for figure in grid.chosen((), ()) if figures is None else figures:
        cells, _ = grid.cells([figure], grid.seeds[:1])
        runs = [cell.run for cell in cells]
        if not runs:  # a figure of which every run is excluded
            continue
        ordered = tuple(dict.fromkeys([*map(control_of, runs), *runs]))
        for attack in dict.fromkeys(figure.attacks or default_attacks(runs)):
            found.append(
                ComparisonGroup(
                    figure.name,
                    figure.title,
                    attack,
                    ordered,
                    grid.eps or attack.norm.eps,
                    grid.fraction,
                    grid.seeds,
                    figure.attacks,
                    collection,
                )
            )
    return found
