"""A network as its records have it, and which networks may stand in one table: those of one code, on the same images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench.comparison.outcomes import Outcomes
from bench.spec import Run
from bench.store import Record


@dataclass(frozen=True)
class Attacked:
    """One attack on one trained network: its record (threat model, rows, share of zero gradients) and its outcomes."""

    record: Record
    outcomes: Outcomes

    @property
    def code(self) -> str:
        """The hash of the suite's code that attacked."""
        return str(self.record["environment"]["code"])

    @property
    def on_margin(self) -> bool:
        """Whether the attack follows the logit margin, which has no temperature."""
        return self.record["threat"]["temperature"] is None


@dataclass(frozen=True)
class Trained:
    """One network: its run (with the seed), the record of its training, and its attacks by their text.

    Of two records of one attack the one on more images is here, then the one with more radii.
    """

    run: Run
    training: Record
    attacks: Mapping[str, Attacked]

    @property
    def metrics(self) -> dict[str, Any]:
        """What was measured of the network: accuracy, sparsity, parameters, MACs, bytes."""
        found: dict[str, Any] = self.training["metrics"]
        return found

    @property
    def group(self) -> tuple[str, str]:
        """Code and data: what two records must share to be compared."""
        return str(self.training["environment"]["code"]), str(self.training["data"]["fingerprint"])


@dataclass(frozen=True)
class LeftOut:
    """A run, an attack or a file that the report does not use, by name, and why."""

    what: str
    reason: str


def seeds_text(seeds: Iterable[int]) -> str:
    """Return ascending seeds as text, "0, 1, 2", more than five in a row as "0 to 116"."""
    rows: list[list[int]] = []
    for seed in seeds:
        if rows and seed == rows[-1][-1] + 1:
            rows[-1].append(seed)
        else:
            rows.append([seed])
    return ", ".join(f"{row[0]} to {row[-1]}" if len(row) > 5 else ", ".join(map(str, row)) for row in rows)


def one_group_each(networks: Iterable[Trained]) -> tuple[list[Trained], list[LeftOut]]:
    """Return the networks that can be compared, and what that leaves out.

    Of the networks on one data set and image size those of the code and images that most have are kept, at a tie the
    newest, and of their attacks those by the same code.
    """
    sets: dict[tuple[str, int], dict[tuple[str, str], list[Trained]]] = defaultdict(lambda: defaultdict(list))
    for each in networks:
        sets[each.run.dataset, each.run.image_size][each.group].append(each)
    chosen: list[Trained] = []
    others: list[LeftOut] = []
    for groups in sets.values():
        best = max(groups, key=lambda group: (len(groups[group]), max(map(_started, groups[group]))))
        chosen += [_by_same_code(each, others) for each in groups[best]]
        for group, rest in groups.items():
            if group != best:
                differs = " and ".join(
                    f"{what} {ours[:16]} where most have {theirs[:16]}"
                    for what, ours, theirs in zip(("code", "data"), group, best, strict=True)
                    if ours != theirs
                )
                others += [LeftOut(_label(each), f"{differs}: not mixed unless told to") for each in rest]
    return chosen, others


def _by_same_code(network: Trained, others: list[LeftOut]) -> Trained:
    code = network.group[0]
    kept = {name: each for name, each in network.attacks.items() if each.code == code}
    for name in network.attacks.keys() - kept.keys():
        reason = f"attacked by code {network.attacks[name].code}, trained by {code}: not mixed unless told to"
        others.append(LeftOut(f"{name} of {_label(network)}", reason))
    return replace(network, attacks=kept)


def _label(network: Trained) -> str:
    return f"{network.run.name}, seed {network.run.seed}"


def _started(network: Trained) -> str:
    return str(network.training.get("volatile", {}).get("started", ""))
