"""Who stands in a figure: its runs, what each is compared with, under which attack, and what is not measured yet."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.attacks import Attack
from bench.attacks.fgsm import Fgsm
from bench.command import run_words, trial_words
from bench.comparison.outcomes import Band, Quantity
from bench.comparison.panel import Panel, Sample
from bench.grid import Figure, Grid
from bench.ranks import FullRank
from bench.report.networks import Attacked, Trained
from bench.report.records import Records
from bench.spec import Run
from bench.state import State
from bench.trial import trials_of

VARYING = {"sparsity": "dense", "low_rank": "full rank", "temperature": "T = 1"}
# What a label says by itself, or, of a start, in one word; any other setting is named where the runs differ in it.
SAID = ("arch", "sparsity", "pruning", "low_rank", "low_rank_init", "low_rank_from", "temperature", "seed")


@dataclass(frozen=True)
class Missing:
    """A run at a seed that has no record under the attack, or not at every radius, and the command that makes it."""

    run: Run
    command: str


@dataclass(frozen=True)
class Lineup:
    """The runs of a figure under one attack, controls first; ``eps`` (pixel levels, 0 first) is what the figure shows."""

    figure: str
    title: str
    attack: Attack
    runs: tuple[Run, ...]
    eps: tuple[float, ...]
    fraction: float
    seeds: tuple[int, ...]
    attacks: tuple[Attack, ...] = ()

    @property
    def name(self) -> str:
        """The name of the figure and, where it has several attacks, of this one: for files."""
        attack = "".join(each if each.isalnum() else "-" for each in str(self.attack)).strip("-")
        return self.figure if self.attack == Fgsm() else f"{self.figure}-{attack}"

    @property
    def leads(self) -> bool:
        """Whether this is the first lineup of its figure, which stands for the figure where no attack matters."""
        return self.attack == next(iter(self.attacks), Fgsm())

    @property
    def attacker(self) -> str:
        """The attack's label; where it differs with the temperature of the network attacked, in words that fit all."""
        labels = dict.fromkeys(self.attack.threat(run.temperature).label for run in self.runs)
        first = next(iter(labels))
        return first if len(labels) == 1 else first.rpartition("T = ")[0] + "each network's own T"

    @property
    def compared(self) -> tuple[Run, ...]:
        """The runs that have a control: all but the controls themselves."""
        return tuple(run for run in self.runs if run != control_of(run))

    def label(self, run: Run) -> str:
        """Return what tells ``run`` from the others in a few words, as a legend does: "98 % zero", "LR1", "T = 20"."""
        ranks = str(run.low_rank)
        parts = [
            run.arch if len({each.arch for each in self.runs}) > 1 else "",
            f"{100 * run.sparsity:g} % zero" if run.sparsity else "",
            "at random" if run.sparsity and run.pruning == "random" else "",
            "" if run.low_rank == FullRank() else ranks.upper() if ranks.startswith("lr") else f"rank {ranks}",
            "by SVD" if run.low_rank_init == "svd" else "",
            f"T = {run.temperature:g}" if run.temperature != 1 else "",
        ]
        plain = [word for name, word in VARYING.items() if len({getattr(each, name) for each in self.runs}) > 1]
        named = [part for part in parts if part] or [plain[0] if len(plain) == 1 else "control"]
        own, others = _effective(run), [_effective(each) for each in self.runs]
        differs = [name for name in own if name not in SAID and len({each.get(name, own[name]) for each in others}) > 1]
        return ", ".join([*named, *[f"{name.replace('_', ' ')} {own[name]}" for name in differs]])

    def attacked(self, records: Records, run: Run) -> dict[int, tuple[Trained, Attacked]]:
        """Return the networks of ``run`` by seed with their outcomes, where all of ``eps`` was measured."""
        found = {}
        for seed, network in sorted(records.of(run).items()):
            # At T = 1 an attack has two names, and a grid may have asked for it under either.
            for text in (attack_text(run, self.attack), str(self.attack)):
                attack = network.attacks.get(text)
                if attack and set(self.eps) <= set(attack.outcomes.eps):
                    found[seed] = (network, attack)
                    break
        return found

    def panel(self, records: Records, quantity: Quantity, band: Band) -> Panel:
        """Return ``quantity``, averaged over the radii of ``eps`` in ``band``, of every run by the run's name."""
        radii = band.of(self.eps)
        samples: dict[str, dict[int, Sample]] = {}
        for run in self.runs if radii else ():
            found = {}
            for seed, (_, attacked) in self.attacked(records, run).items():
                values = attacked.outcomes.values(quantity, radii)
                if quantity is not Quantity.KEPT or np.isfinite(values).all():
                    found[seed] = Sample(attacked.outcomes.indices, values)
            if found:
                samples[run.name] = found
        return Panel(samples)

    def missing(self, records: Records) -> tuple[Missing, ...]:
        """Return what is not there yet, of the seeds asked for and of those that some run of the figure has.

        Training is the same to the bit each time: a run that diverged would again, and its command says so.
        """
        ends = {(run.name, run.seed): seen for run, seen in records.unfinished if seen.state is State.DIVERGED}
        seeds = {*self.seeds, *(seed for run in self.runs for seed in records.of(run))}
        attacked = [(run, self.attacked(records, run)) for run in self.runs]
        found = []
        for seed, (run, there) in itertools.product(sorted(seeds), attacked):
            if seed not in there:
                own = replace(run, seed=seed)
                seen = ends.get((own.name, seed))
                note = f"  # diverged in {seen.note}, and would again" if seen else ""
                found.append(Missing(own, self.command(own) + note))
        return tuple(found)

    def command(self, run: Run) -> str:
        """Return the command that trains ``run`` and attacks it as the figure needs."""
        trials = trials_of(run, self.attacks, self.eps, self.fraction)
        return shlex.join(["bench", "run", *run_words(run), *trial_words(run, trials)])


def _effective(run: Run) -> dict[str, str]:
    """Return the settings of ``run`` that have an effect, by name, as text."""
    return dict(pair.split("=", 1) for pair in str(run).split())


def control_of(run: Run) -> Run:
    """Return what ``run`` is compared with: the same network, dense, of full rank, at temperature 1."""
    plain: dict[str, Any] = {"low_rank_init": "scratch", "low_rank_from": "", "low_rank": FullRank()}
    return replace(run, sparsity=0.0, temperature=1.0, **plain)


def attack_text(run: Run, attack: Attack) -> str:
    """Return the text under which the record of ``attack`` on ``run`` stands.

    At temperature 1 there is nothing for the attacker not to know: one attack, recorded under the usual name.
    """
    if isinstance(attack, Fgsm) and attack.knowledge == "none" and run.temperature == 1:
        return str(replace(attack, knowledge="temperature"))
    return str(attack)


def lineups(grid: Grid, figures: Sequence[Figure] | None = None) -> list[Lineup]:
    """Return the lineups of ``figures`` of ``grid``, all but the optional ones by default: one a figure and attack."""
    found = []
    for figure in grid.chosen((), ()) if figures is None else figures:
        cells, _ = grid.cells([figure], grid.seeds[:1])
        runs = [cell.run for cell in cells]
        if not runs:  # a figure of which every run is excluded
            continue
        ordered = tuple(dict.fromkeys([*map(control_of, runs), *runs]))
        tempered = [Fgsm(knowledge="none")] * any(run.temperature != 1 for run in runs)
        for attack in dict.fromkeys(figure.attacks or [Fgsm(), *tempered]):
            found.append(
                Lineup(figure.name, figure.title, attack, ordered, grid.eps, grid.fraction, grid.seeds, figure.attacks)
            )
    return found
