"""The internship's findings as cards: the claim, the verdict for a reader outside the field, the effect, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.comparison.findings.claims import Claim
from bench.comparison.findings.score import ClaimStatus, Examined, ScoredFinding, Verdict
from bench.comparison.verdict import COUNTED
from bench.records.outcomes import CLEAN, Quantity
from bench.report.picture import Picture
from bench.report.tables.scorecard import pictures
from bench.report.tables.table import Cell, Table
from bench.spec.seeds import SEEDS
from bench.spec.words import joined

SMALL = 0.0005  # a difference below it is shown as none


@dataclass(frozen=True)
class Card:
    """A finding that has records, with the pictures that show its claims, by name."""

    scored: ScoredFinding
    panels: Mapping[str, Picture]

    @property
    def name(self) -> str:
        """The name of the finding: that of its figures in the internship."""
        return f"Finding {self.scored.finding.figure}"

    @property
    def verdict(self) -> str:
        """The verdict in a few plain sentences, and what FGSM hides from it."""
        share, _, rest = self.scored.masked.partition("; ")
        count = share.partition(" of ")[0]
        hidden = self.scored.finding.masking and count.isdigit() and int(count) > 0
        apart = f" (besides, {rest})" * bool(rest)
        note = f" FGSM meets a masked gradient in {share} tested trainings{apart}: what it shows there is illusion."
        return self._decided + note * hidden

    @property
    def _decided(self) -> str:
        found, scored = self.scored.deciding, self.scored
        if found is None:
            return f"{scored.undecided[:1].upper()}{scored.undecided[1:]}."
        seen = in_words(found)
        if scored.finding.counterexample and scored.verdict is Verdict.REPRODUCED:
            return self._by_counterexample(found)
        if scored.verdict is Verdict.REPRODUCED:
            return f"Our networks show it too. The closest call: {seen}."
        if scored.verdict is Verdict.CONTRADICTED:
            return f"Our networks do not do this: {seen}."
        seeds = len(found.effect.seeds)
        if seeds < SEEDS:
            return (
                f"{COUNTED[seeds].capitalize()} ran, and three are needed to tell a method from luck. So far, {seen}."
            )
        return f"The tests do not decide it, although this claim has {seeds} seeds. On average, {seen}."

    def _by_counterexample(self, found: Examined) -> str:
        """Return the verdict where one network is enough, with the networks that stand against it beside it."""
        against = [each for each in self.scored.examined if each.status is ClaimStatus.REFUTED]
        one = f"One network is enough to show it: in figure {found.claim.group}, {in_words(found)}."
        if not against:
            return one
        most = max(against, key=lambda each: each.effect.difference)
        where = " and ".join(dict.fromkeys(each.claim.group for each in against))
        return f"{one} But other pruned networks do gain, {len(against)} of them in figure {where}: there, {in_words(most)}."


@dataclass(frozen=True)
class Findings:
    """The scorecard: its table, the names of its files, and the cards of the findings that have records."""

    table: Table
    files: tuple[str, ...]
    cards: tuple[Card, ...]

    @property
    def tally(self) -> dict[str, int]:
        """How many findings have each verdict, in the order of the verdicts."""
        counts = Counter(cell.text for cell in self.table.column("verdict"))
        return {str(verdict): counts[verdict] for verdict in Verdict if counts[verdict]}

    @property
    def effects(self) -> list[Cell]:
        """The effect that decides each card."""
        return [row["effect"] for row in self.table.by_name if row["verdict"].text != Verdict.NOT_RUN]

    @property
    def not_run(self) -> str:
        """The figures of the findings without records."""
        rows = self.table.by_name
        return ", ".join(row["figure"].text for row in rows if row["verdict"].text == Verdict.NOT_RUN)

    @cached_property
    def reach(self) -> int:
        """The end of the scale that shows the effects, in points: a multiple of 5 with room for every interval."""
        cells = self.table.column("effect")
        ends = [abs(100 * end) for cell in cells for end in (cell.low, cell.high, cell.number) if end is not None]
        return 5 * max(1, math.ceil(1.05 * max(ends, default=0) / 5))


def findings(
    scored: Sequence[ScoredFinding], table: Table, files: tuple[str, ...], panels: Mapping[str, Picture]
) -> Findings | None:
    """Return the findings for the page. None where no finding has a record."""
    cards = [
        Card(each, {name: panels[name] for name in pictures(each.finding) if name in panels})
        for each in scored
        if each.verdict is not Verdict.NOT_RUN
    ]
    return Findings(table, files, tuple(cards)) if cards else None


def in_words(found: Examined) -> str:
    """Return the difference of a claim in words: "under attack, LR2 keeps 4.4 points less accuracy than full rank"."""
    claim, difference = found.claim, found.effect.difference
    plus = [label for label, weight in claim.weights.items() if weight > 0]
    minus = [label for label, weight in claim.weights.items() if weight < 0]
    where, drop = _where(claim), claim.quantity is Quantity.DROP
    verb = ("lose" if drop else "keep") + "s" * (len(plus) == 1)
    mean = " on average" * (len(plus) > 1)
    if abs(difference) < SMALL:
        return f"{where}, {joined(plus)} {verb} as much accuracy as {joined(minus)}{mean}"
    points = f"{abs(100 * difference):.1f} points"
    if len(plus) > 1 and len(minus) > 1:  # a line through all of them
        labels = list(claim.weights)
        what = "the drop" if drop else "accuracy"
        return f"from {labels[0]} to {labels[-1]}, {what} {where} {'rises' if difference > 0 else 'falls'} by {points}"
    return f"{where}, {joined(plus)} {verb} {points} {'more' if difference > 0 else 'less'} accuracy than {joined(minus)}{mean}"


def _where(claim: Claim) -> str:
    if claim.band == CLEAN:
        return "without attack"
    return f"at eps {claim.band.low:g}" if claim.band.low == claim.band.high else "under attack"
