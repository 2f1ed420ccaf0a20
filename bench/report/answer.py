"""What the first screen says: which networks it shows, and three sentences that the records allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from bench.audit.verdict import MARGIN, Kind
from bench.comparison.method_of import METHODS
from bench.comparison.standing import USUAL, Standing
from bench.records.networks import named_seeds
from bench.report.network_names import names_of
from bench.report.tables.cells import percent
from bench.spec.architectures import written
from bench.spec.control import control_of
from bench.spec.run import Run
from bench.spec.words import how_many, joined

QUESTION = "Which compressed network can be trusted, and how much of what FGSM shows is illusion?"
MOST = 40  # networks in the picture
NAMED = 2  # networks that a sentence names
VERBS = {  # of one network, and of several
    Kind.BREAKS: ("breaks", "break"),
    Kind.MASKED: ("is masked", "are masked"),
    Kind.INCONCLUSIVE: ("is inconclusive", "are inconclusive"),
}
SMALLER = 1.05  # a network with this compression or more counts as compressed


@dataclass(frozen=True)
class Setting:
    """The networks of one architecture and batch size under one method, side by side in the picture."""

    name: str
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class Group:
    """The networks that one method made."""

    method: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Answer:
    """The first screen.

    Args:
        standings: of every network that has one, at one radius.
        networks: the number of networks in the records.
    """

    standings: tuple[Standing, ...]
    networks: int

    @property
    def eps(self) -> float:
        """The radius of the picture, in pixel levels: that of most networks."""
        counted = Counter(each.eps for each in self.standings)
        return max(counted, key=lambda radius: (counted[radius], radius)) if counted else USUAL

    @property
    def elsewhere(self) -> str:
        """A sentence on the networks that have their numbers at another radius; empty where none has."""
        others = [each for each in self.standings if each.eps != self.eps]
        said = []
        for radius in sorted({each.eps for each in others}):
            here = [each for each in others if each.eps == radius]
            audited = sorted({written(each.run.arch) for each in here if each.audited})
            which = [f"audited networks of {joined(audited)}"] * bool(audited)
            which += ["networks without an audit"] * any(not each.audited for each in here)
            said.append(f"{joined(which)} are at eps {radius:g}")
        return f"The numbers of {joined(said)}: do not compare them with the others." if said else ""

    @cached_property
    def names(self) -> Mapping[Run, str]:
        """The name of every network."""
        return names_of([each.run for each in self.standings])

    @cached_property
    def shown(self) -> tuple[Standing, ...]:
        """The networks in the picture: all, or those that resist and then those with the largest illusion."""
        ordered = sorted(
            self.standings, key=lambda each: (each.verdict is not Kind.RESISTS, -each.illusion, each.run.name)
        )
        return tuple(ordered[:MOST])

    @property
    def alone(self) -> bool:
        """Whether the picture has a network on which FGSM was tried alone."""
        return any(not each.second_attack for each in self.shown)

    @property
    def left_out(self) -> str:
        """A sentence on the networks that the picture leaves out; empty where it has all."""
        rest = [each for each in self.standings if each not in self.shown]
        without = self.networks - len(self.standings)
        said = []
        if rest:
            known = [each.illusion for each in rest if each.second_attack]
            trusted = (
                "some of which resist"
                if any(each.verdict is Kind.RESISTS for each in rest)
                else "none of which resists"
            )
            said.append(
                f"The picture has {len(self.shown)} of {len(self.standings)} networks. It leaves out {len(rest)}, {trusted}; "
                + (
                    f"the largest illusion among them is {percent(max(known))} points."
                    if known
                    else "how much of their accuracy is illusion is not known, because they met no attack but FGSM."
                )
            )
        if without:
            said.append(f"{how_many(without, 'more network')} {_has(without)} no record of FGSM at eps {self.eps:g}.")
        return " ".join(said)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The networks in the picture by method, then by architecture and batch size, weakest setting first."""
        settings = names_of([_plain(each.run) for each in self.standings], dense="")
        placed = sorted(
            self.shown,
            key=lambda each: (METHODS.index(each.method), settings[_plain(each.run)], _strength(each.run)),
        )
        return tuple(
            Group(
                method,
                tuple(
                    Setting(name, tuple(own))
                    for name, own in groupby(of_method, lambda each: settings[_plain(each.run)])
                ),
            )
            for method, of_method in groupby(placed, lambda each: each.method)
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """Three sentences: who can be trusted, how much is illusion, what compression changes."""
        return (self.trusted, self.overstated, self.compressed) if self.standings else ()

    @property
    def trusted(self) -> str:
        """A sentence on which networks can be trusted."""
        audited = [each for each in self.standings if each.audited]
        if not audited:
            return (
                f"None of these {len(self.standings)} networks can be trusted yet, because none was audited."
                if len(self.standings) > 1
                else "This network cannot be trusted yet, because it was not audited."
            )
        made = [each for each in audited if each.run != control_of(each.run)]
        controls, others = len(audited) - len(made), len(self.standings) - len(audited)
        apart = f" {how_many(others, 'other')} {_was(others)} not audited." * bool(others)
        if not made:
            return f"Only controls were audited. Others are compared with them, so none of them can be shown to resist.{apart}"
        measure = f" {how_many(controls, 'control')} {_was(controls)} audited too." * bool(controls)
        counted = Counter(each.verdict for each in made)
        resists = [each for each in made if each.verdict is Kind.RESISTS]
        rest = joined(
            [f"{counted[kind]} {words[counted[kind] != 1]}" for kind, words in VERBS.items() if counted[kind]]
        )
        what = f"{how_many(len(made), 'audited network')} with a method"
        if not resists and len(made) == 1:
            return f"The only audited network with a method {rest.removeprefix('1 ')}.{measure}{apart}"
        if not resists:
            return f"None of the {what} is shown to resist: {rest}.{measure}{apart}"
        few = sum(each.provisional for each in resists)
        which = "" if few == len(resists) else f"{few} of them "
        so_far = f", {which}so far on fewer than three seeds" * bool(few)
        verb = "resists" if len(resists) == 1 else "resist"
        names = _listed([self.names[each.run] for each in resists])
        return f"{len(resists)} of {what} {verb}{so_far}: {names}{'; ' * bool(rest)}{rest}.{measure}{apart}"

    @property
    def overstated(self) -> str:
        """A sentence on how much FGSM overstates."""
        learned = [each for each in self.standings if each.learned]
        known = [each for each in learned if each.second_attack]
        if not learned:
            return "No network learned, so what FGSM shows of them means nothing."
        if not known:
            return "How much of the accuracy is illusion is not known: FGSM is the only attack that was tried."
        too_much = [each for each in known if each.illusion > MARGIN]
        most = max(known, key=lambda each: (each.illusion, each.run.name))
        which = f"{how_many(len(known), 'network')} that learned and met another attack"
        head = f"FGSM says over {100 * MARGIN:g} points too much for {len(too_much)} of {which}"
        if not too_much:
            return f"{head}; the largest difference is {percent(most.illusion)} points."
        return (
            f"{head}: most of all for {self.names[most.run]}, where it says {percent(most.naive)} % and at most "
            f"{percent(most.left)} % is left."
        )

    @property
    def compressed(self) -> str:
        """A sentence on whether compressed networks keep more than the same network uncompressed.

        A network whose gradient is hidden, or on which the attacks of its audit failed, is left out: what is left of it is not
        known.
        """
        by_run = {each.run.name: each for each in self.standings}
        pairs = []
        for each in self.standings:
            whole = by_run.get(control_of(each.run).name)
            small = each.compression is not None and each.compression >= SMALLER
            alike = whole is not None and (each.deciding, each.eps) == (whole.deciding, whole.eps)
            if whole and small and alike and _is_known(each) and _is_known(whole):
                pairs.append((each, whole))
        if not pairs:
            return (
                "No compressed network can be compared with the same network uncompressed: that needs the same attacks on both, "
                "and that both learned."
            )
        gains = [(each.left - whole.left, each, whole) for each, whole in pairs]
        _, best, whole = max(gains, key=lambda found: (found[0], found[1].run.name))
        more = sum(each > MARGIN for each, _, _ in gains)
        less = sum(each < -MARGIN for each, _, _ in gains)
        points = f"over {100 * MARGIN:g} points"
        head = (
            f"Of {how_many(len(pairs), 'compressed network')} that met the same attacks as the same network uncompressed, {more} "
            f"{'keeps' if more == 1 else 'keep'} {points} more under attack and {less} {points} less."
        )
        if more == 0:
            return head
        return (
            f"{head} Among these, {self.names[best.run]} gains most ({named_seeds(best.seeds)}): {percent(best.left)} % "
            f"instead of {percent(whole.left)} %, but {percent(best.clean)} % instead of {percent(whole.clean)} % without attack."
        )

    @property
    def threat(self) -> str:
        """Who attacks, in plain words."""
        return (
            f"The attacker knows the network and the true labels, and may change every pixel value by up to {self.eps:g} pixel "
            f"levels of 0 to 255 (L-infinity, eps {self.eps:g}). {self.elsewhere}{' ' * bool(self.elsewhere)}An audit also tries "
            "attacks that see only the network's answers."
        )

    @property
    def reading(self) -> str:
        """How to read the picture, and how far to trust it."""
        audited = sum(each.audited for each in self.standings)
        others = [len(each.deciding) for each in self.standings if not each.audited]
        parts = [
            "A line falls from what FGSM says (attacker at T = 1) to what is left in the worst case found, image by image."
        ]
        if audited:
            parts.append(f"For {how_many(audited, 'network')} that is the worst of the audit.")
        if others:
            spread = f"{min(others)}" if min(others) == max(others) else f"{min(others)} to {max(others)}"
            uneven = " A network that met fewer attacks looks better than it is." * (min(others) < max(others))
            which = "every network" if not audited else how_many(len(others), "network")
            attacks = "recorded attack" if max(others) == 1 else "recorded attacks"
            parts.append(f"For {which} it is the worst of {spread} {attacks}: less may be left.{uneven}")
        parts.append("The numbers of a network are of the seeds and images that met all of its attacks.")
        return " ".join(parts)


def _is_known(standing: Standing) -> bool:
    """Tell whether the network learned, and nothing says that its attacks failed."""
    hidden = standing.misled or standing.verdict is Kind.MASKED or bool(standing.hides)
    return standing.learned and not hidden


def _plain(run: Run) -> Run:
    """Return the control of ``run`` with the usual weight decay: what the networks of one setting share."""
    return control_of(run).without("weight_decay")


def _strength(run: Run) -> tuple[Any, ...]:
    """Return what orders the networks of a setting: from the weakest to the strongest method."""
    return (run.adversarial_eps, run.temperature, str(run.low_rank), run.sparsity, run.name)


def described(standing: Standing, name: str) -> str:
    """Return what the picture shows of a network, in words."""
    size = "" if standing.compression is None else f"; {times(standing.compression)} smaller"
    return (
        f"{name}: FGSM says {percent(standing.naive)} %, {left_in_words(standing)} left; {verdict_of(standing)}{size}; "
        f"{named_seeds(standing.seeds)}"
    )


def left_in_words(standing: Standing) -> str:
    """Return what is left in percent. It is at most that where the attacks of the audit failed, or none was made."""
    return f"{'at most ' * _upper_bound(standing)}{percent(standing.left)} %"


def left_in_short(standing: Standing) -> str:
    """Return what is left in percent for a table."""
    return f"{'≤ ' * _upper_bound(standing)}{percent(standing.left)}"


def _upper_bound(standing: Standing) -> bool:
    return standing.misled or not standing.audited


def verdict_of(standing: Standing) -> str:
    """Return the verdict of the audit, or what is known without one.

    Where the verdict is of another audit than the numbers, that is named: "inconclusive (full)".
    """
    if not standing.learned:
        return f"{standing.word}; it did not learn"
    other = f" ({joined(standing.judged_by)})" * (standing.audited and standing.judged_by != standing.deciding)
    masked = "; gradient masked" * bool(standing.hides and standing.verdict is not Kind.MASKED)
    return f"{standing.word}{other}{', provisional' * standing.provisional}{masked}"


def times(ratio: float) -> str:
    """Return a ratio as text: "1.1x", "5x", "50x"."""
    return f"{ratio:.1f}x" if ratio < 2.95 and f"{ratio:.1f}"[-1] != "0" else f"{ratio:.0f}x"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _listed(names: Sequence[str]) -> str:
    """Return the first names and how many more there are. Names have commas in them."""
    more = len(names) - NAMED
    return "; ".join([*names[:NAMED], *[f"{more} more"] * (more > 0)])
