"""Two small grids, and records of their runs with planted differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import fakes
import numpy as np
from grids import CURVE
from grids import grid as predictions

from bench.attacks import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.spec import AttackSpec
from bench.comparison.group import ComparisonGroup, comparison_groups
from bench.records.collection import Collection, read
from bench.runs.grid import Grid, parse
from bench.spec.run import Run

EPS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
HEAD = """
[settings]
dataset = "synthetic"
image_size = 32
[attack]
eps = [0, 0.5, 1, 2, 4, 8, 16, 64]
"""
TEXT = f"""
title = "small"
seeds = [0, 1, 2]
{HEAD}
[figures.sparse]
title = "FC5: sparsity"
arch = "fc5"
sparsity = [0.0, 0.5, 0.9]
[figures.rank]
title = "AlexNet: low rank"
arch = "alexnet"
low_rank = ["full", "lr1"]
[figures.hot]
title = "FC5: temperature"
arch = "fc5"
temperature = [1, 20]
"""
GRID: Grid = parse("small", TEXT)
NOTHING = Collection({})
GROUPS: Mapping[str, ComparisonGroup] = {group.name: group for group in comparison_groups(GRID, NOTHING)}
SPARSE = GROUPS["sparse"]
HIGH_TEMPERATURE = GROUPS["hot"]
# The runs of the sparse figure by their labels, as the names of their folders tell them apart.
RUNS = {"dense": "", "50 % zero": "-s0.5", "90 % zero": "-s0.9"}
# Another grid, whose figures share runs and whose high-temperature networks are pruned.
MANY_TEXT = f"""
seeds = [0, 1]
{HEAD}
[figures.sparse]
arch = "alexnet"
sparsity = [0.0, 0.5, 0.9]
[figures.wide]
arch = "alexnet"
batch_size = 512
sparsity = [0.0, 0.5, 0.9]
[figures.random]
arch = "alexnet"
pruning = "random"
sparsity = [0.5]
[figures.rank]
arch = "alexnet"
low_rank = ["full", "lr1"]
[figures.hot]
arch = "alexnet"
temperature = [1, 20]
sparsity = [0.0, 0.9]
[figures.longer]
arch = "alexnet"
epochs = 30
sparsity = [0.0, 0.8]
"""
MANY: Grid = parse("many", MANY_TEXT)
HOT_AND_PRUNED = next(group for group in comparison_groups(MANY, NOTHING) if group.name == "hot")


def record(
    results: Path,
    runs: Sequence[Run],
    differences: Sequence[float],
    *,
    seeds: int = 3,
    images: int = 400,
    eps: tuple[float, ...] = EPS,
    attack: Attack | None = None,
    zero: float = 0.0,
    deviation: float = 0.01,
    draw: int = 0,
) -> None:
    """Record ``runs`` at ``seeds`` seeds, their accuracies apart by ``differences`` at each radius."""
    curve = np.linspace(0.75, 0.15, len(eps))
    right = predictions(
        np.random.default_rng(draw), differences, seeds=seeds, images=images, deviation=deviation, curve=curve
    )
    for run, of_run in zip(runs, right, strict=True):
        for seed, of_seed in enumerate(of_run):
            own = Run.of(**{**run.settings, "seed": seed})
            folder = fakes.trained(results, own, float(of_seed[0].mean()))
            fakes.fake_outcome(folder, AttackSpec((attack or Fgsm()).against(run.temperature), eps), of_seed, zero=zero)


def attack_all(results: Path, group: ComparisonGroup, *, margin: float, seeds: int = 2) -> None:
    """Record every run of ``group``: at a high temperature with 0.7 under the attack, ``margin`` lower on the margin."""
    for number, run in enumerate(group.runs):
        for seed in range(seeds):
            own = Run.of(**{**run.settings, "seed": seed})
            folder = fakes.trained(results, own, 0.8)
            heat = 0.3 * (run.temperature != 1)
            right = predictions(
                np.random.default_rng(number),
                [heat, heat + 0.35 * (heat > 0), heat - margin],
                images=300,
                curve=CURVE - 0.3,
            )
            kinds = [Fgsm(), Fgsm(knowledge="none"), Fgsm(loss="margin")]
            for attack, each in list(zip(kinds, right, strict=True))[: 3 if heat else 1]:
                zero = 0.25 * kinds.index(attack) + 0.1 * seed
                fakes.fake_outcome(folder, AttackSpec(attack, EPS), each[seed], zero=zero)


def bound(group: ComparisonGroup, results: Path, *, mixed: bool = False) -> ComparisonGroup:
    """Return ``group`` with the records below ``results``."""
    return replace(group, collection=read(results, mixed=mixed))


def names(records: Collection) -> set[tuple[str, int]]:
    """Return which networks were read, each as the name of its run and the seed."""
    return {(name, seed) for name, seeds in records.networks.items() for seed in seeds}
