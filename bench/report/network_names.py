"""A short name for every network of a list: what it is, and what tells it from the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from bench.comparison.group import LABELLED
from bench.records.collection import Collection
from bench.spec.architectures import written
from bench.spec.key import parts_of
from bench.spec.run import Run


def names_of(runs: Sequence[Run], dense: str = "dense") -> Mapping[Run, str]:
    """Return a name for each of ``runs``, as "ResNet18, 90 % zero, batch 128".

    The batch size is named where the architecture has several; any other setting where two networks would have one name.

    Args:
        dense: what a network without a method is called.
    """
    several = _of_several_batch_sizes(runs)
    named: dict[str, list[Run]] = defaultdict(list)
    for run in dict.fromkeys(runs):
        words = [*run.words.values()] or [dense] * bool(dense)
        batch = [f"batch {run.batch_size}"] * (run.arch in several)
        named[", ".join([written(run.arch), *words, *batch])].append(run)
    return {run: name + _rest(run, alike) for name, alike in named.items() for run in alike}


def names_in(collection: Collection) -> dict[str, str]:
    """Return the name of every network in ``collection``, by the name of its run."""
    return names_by_run(collection.runs)


def names_by_run(runs: Sequence[Run]) -> dict[str, str]:
    """Return the name of each of ``runs``, by the name of the run."""
    return {run.name: name for run, name in names_of(runs).items()}


def called(names: Mapping[str, str], key: str) -> str:
    """Return what the network ``key`` is called: "FC5, 90 % zero, seed 0".

    Args:
        names: of networks, by the name of their run.
        key: a run with its seed, as "RUN/seed-0", or the name of a network trained on ImageNet, which is returned.
    """
    run, seed = parts_of(key)
    return f"{names[run]}, seed {seed}" if run in names else key


def setting_of(run: Run) -> str:
    """Return what a method did to ``run``, in words: "90 % zero"."""
    return ", ".join(run.words.values()) or "dense"


def _of_several_batch_sizes(runs: Sequence[Run]) -> set[str]:
    """Return the architectures of which there are networks of several batch sizes."""
    sizes: dict[str, set[int]] = defaultdict(set)
    for run in runs:
        sizes[run.arch].add(run.batch_size)
    return {arch for arch, found in sizes.items() if len(found) > 1}


def _rest(run: Run, alike: Sequence[Run]) -> str:
    """Return the settings by which ``run`` differs from the others that have its name."""
    others = [each.effective for each in alike]
    own = run.effective
    apart = LABELLED - {"low_rank_from"}
    differs = [name for name in own if name not in apart and len({str(each.get(name)) for each in others}) > 1]
    return "".join(f", {name.replace('_', ' ')} {own[name]}" for name in differs)
