"""Tests every finding of the internship on the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from math import copysign, inf

from bench.comparison.findings.claims import DIRECTED, Claim, Finding, Kind
from bench.comparison.findings.internship import FINDINGS, NETWORKS
from bench.comparison.group import ComparisonGroup
from bench.comparison.masked_networks import masked_count, masking_evidence
from bench.comparison.paired import Effect, PairedSamples
from bench.comparison.power import MOST, POWER, seeds_needed
from bench.comparison.significance import holm
from bench.comparison.verdict import COUNTED, DASH, LEVEL, numbers, probability, size
from bench.errors import BadInput
from bench.records.outcomes import Band, Quantity
from bench.spec.seeds import SEEDS


class Verdict(StrEnum):
    """The verdict on a finding."""

    REPRODUCED = "reproduced"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


class ClaimStatus(StrEnum):
    """The outcome of testing one claim."""

    SHOWN = "shown"
    REFUTED = "refuted"
    OPEN = "open"


@dataclass(frozen=True)
class Examined:
    """A claim with its effect and the p values that decide on it.

    Args:
        p: against no difference.
        p_same: against a difference beyond the margin.
        p_bound: of the claim's own one-sided or equivalence test.
        p_beyond: against a difference within the margin, on the side that the claim excludes.

    All but ``p_bound`` are corrected after Holm over the claims of the finding.
    """

    claim: Claim
    effect: Effect
    p: float
    p_same: float
    p_bound: float
    p_beyond: float

    @property
    def status(self) -> ClaimStatus:
        """Shown, refuted or open, as ``Kind`` defines. With fewer than three seeds it is always open."""
        return self._decision[0]

    @property
    def reason(self) -> str:
        """The p that decides, or that is too large where the claim is open, and what it is a p against."""
        return f"{probability(self._decision[1])} against {self._decision[2]}"

    @property
    def against(self) -> float:
        """How far the difference is on the wrong side of the claim's bound, in standard errors.

        It orders claims whose one-sided p rounds to 1.
        """
        kind, excess = self.claim.kind, self.effect.difference
        if kind is Kind.SAME:
            excess = abs(excess)
        elif kind in (Kind.MORE, Kind.NOT_LESS):
            excess = -excess
        if kind not in DIRECTED:
            excess -= self.claim.margin
        return excess / self.effect.se if self.effect.se else copysign(inf, excess)

    def expected(self, claims: int, counterexample: bool) -> tuple[ClaimStatus, int] | None:
        """Return the status to expect if the difference stays as it is, and at how many seeds; None where 99 are too few.

        Args:
            claims: of the finding that were examined. Where a test is corrected for their number, it is at the level of the
                first step of Holm, so that the number of seeds is an upper one.
            counterexample: whether one claim is enough for the finding, so that each is corrected.
        """
        kind, difference, margin = self.claim.kind, self.effect.difference, self.claim.margin
        corrected, inside = LEVEL / claims, (margin - difference, margin + difference)
        own = corrected if counterexample else LEVEL
        if kind in DIRECTED:
            agrees = (difference > 0) == (kind is Kind.MORE)
            ways = [(ClaimStatus.SHOWN if agrees else ClaimStatus.REFUTED, [abs(difference)], corrected / 2)]
            if kind is not Kind.SLIGHTLY_LESS:
                ways.append((ClaimStatus.REFUTED, [*inside], corrected))
        elif kind is Kind.SAME:
            ways = [
                (ClaimStatus.SHOWN, [*inside], own),
                (ClaimStatus.REFUTED, [abs(difference) - margin], corrected / 2),
            ]
        else:
            distance = inside[kind is Kind.NOT_LESS]
            ways = [(ClaimStatus.SHOWN, [distance], own), (ClaimStatus.REFUTED, [-distance], corrected)]
        tried = [(status, seeds_needed(self.effect, distances, level)) for status, distances, level in ways]
        found = [(status, seeds) for status, seeds in tried if seeds is not None]
        return min(found, key=lambda each: each[1], default=None)

    @property
    def _decision(self) -> tuple[ClaimStatus, float, str]:
        """The status, the p that decides, and what it is a p against."""
        kind, enough = self.claim.kind, len(self.effect.seeds) >= SEEDS
        none, beyond = "no difference", f"a difference beyond {size(self.claim.margin)}"
        if kind in DIRECTED:
            if enough and self.p < LEVEL:
                agrees = (self.effect.difference > 0) == (kind is Kind.MORE)
                return (ClaimStatus.SHOWN if agrees else ClaimStatus.REFUTED), self.p, none
            if enough and kind is not Kind.SLIGHTLY_LESS and self.p_same < LEVEL:
                return ClaimStatus.REFUTED, self.p_same, beyond
            return ClaimStatus.OPEN, self.p, none
        if enough and self.p_bound < LEVEL:
            return ClaimStatus.SHOWN, self.p_bound, beyond
        if enough and self.p_beyond < LEVEL:
            return ClaimStatus.REFUTED, self.p_beyond, f"a difference within {size(self.claim.margin)}"
        return ClaimStatus.OPEN, self.p_bound, beyond


@dataclass(frozen=True)
class ScoredFinding:
    """A finding tested on the records.

    Args:
        examined: the claims that have records.
        missing: the commands for those that do not.
        evidence: a sentence on masked gradients.
        masked: in how many of the tested networks the gradient is masked.
        not_judged: the claims that are not judged, because a network of theirs did not learn.
    """

    finding: Finding
    examined: tuple[Examined, ...]
    missing: tuple[str, ...] = ()
    evidence: str = ""
    masked: str = DASH
    not_judged: tuple[Claim, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Reproduced, contradicted, inconclusive or not run, by the finding's rule.

        Where all claims have to agree, a claim that is not judged leaves it open, unless another one decides alone.
        """
        statuses = {each.status for each in self.examined}
        known = len(self.examined) + len(self.not_judged)
        whole, judged = known == len(self.finding.claims), not self.not_judged
        if whole and not self.examined:
            return Verdict.INCONCLUSIVE
        if not self.examined or not (whole or self.finding.counterexample):
            return Verdict.NOT_RUN
        if self.finding.counterexample:
            if ClaimStatus.SHOWN in statuses:
                return Verdict.REPRODUCED
            refuted = whole and judged and statuses == {ClaimStatus.REFUTED}
            return Verdict.CONTRADICTED if refuted else Verdict.INCONCLUSIVE
        if ClaimStatus.REFUTED in statuses:
            return Verdict.CONTRADICTED
        return Verdict.REPRODUCED if judged and statuses == {ClaimStatus.SHOWN} else Verdict.INCONCLUSIVE

    @property
    def deciding(self) -> Examined | None:
        """The claim that decides, or of the open ones the nearest to it; None where none is, as ``undecided`` says.

        Of the claims with the deciding status, it is the one with the largest ``against``: the weakest of those shown, or
        the clearest of those refuted. Where one counterexample is enough, it is the one with the smallest.
        """
        wanted = {Verdict.REPRODUCED: ClaimStatus.SHOWN, Verdict.CONTRADICTED: ClaimStatus.REFUTED}.get(
            self.verdict, ClaimStatus.OPEN
        )
        found = [each for each in self.examined if each.status is wanted]
        if self.verdict is Verdict.NOT_RUN or not found:
            return None
        clearest = self.finding.counterexample and self.verdict is not Verdict.CONTRADICTED
        return (min if clearest else max)(found, key=lambda each: each.against)

    @property
    def undecided(self) -> str:
        """Why it is inconclusive without an open claim: what the other claims lack. Empty where ``deciding`` is there.

        It has no full stop: "all 5 examined claims are refuted; the others have no record".
        """
        if self.verdict is not Verdict.INCONCLUSIVE or self.deciding:
            return ""
        if not self.examined:
            return "its networks did not learn"
        count = len(self.examined)
        same = f"all {count} examined claims are" if count > 1 else "the one examined claim is"
        parts = [f"{same} {self.examined[0].status}"]
        parts += [self._not_judged] if self.not_judged else []
        if count + len(self.not_judged) < len(self.finding.claims):
            parts.append("the others have no record")
        return "; ".join(parts)

    @property
    def _not_judged(self) -> str:
        plural = "s are" if len(self.not_judged) > 1 else " is"
        return f"{len(self.not_judged)} claim{plural} not judged, because a network did not learn"

    @property
    def outlook(self) -> str:
        """How many seeds are expected to decide the finding, in a sentence; empty where it is decided or has fewer than three.

        One claim decides where one is enough: a refuted one, or for a counterexample a shown one. Else all of them have to,
        and where some are not examined it is empty.
        """
        left = [each for each in self.examined if each.status is ClaimStatus.OPEN]
        if self.verdict is not Verdict.INCONCLUSIVE or not left or min(len(each.effect.seeds) for each in left) < SEEDS:
            return ""
        expected = [each.expected(len(self.examined), self.finding.counterexample) for each in left]
        found = [each for each in expected if each]
        alone = ClaimStatus.SHOWN if self.finding.counterexample else ClaimStatus.REFUTED
        at_once = [seeds for status, seeds in found if status is alone]
        if not at_once and len(self.examined) < len(self.finding.claims):
            return ""
        if not at_once and len(found) < len(left):
            return (
                f"Not even {MOST} seeds are expected to decide it: a difference is too close to the bound that is tested, or the "
                "images are too few."
            )
        needed = min(at_once) if at_once else max(seeds for _, seeds in found)
        return f"If the differences stay as they are, {needed} seeds are expected to decide it (power {POWER:g} for each claim)."

    @property
    def sentence(self) -> str:
        """The verdict in a sentence, with the deciding claim's effect, interval and p."""
        head = f"Finding {self.finding.figure} ({self.finding.setting}): {self.verdict}"
        found = self.deciding
        if self.undecided:
            return f"{head}: {self.undecided}."
        if found is None:
            runs = len(self.missing)
            lacking = f"{runs} of its runs {'has' if runs == 1 else 'have'} no record"
            return f"{head}: {lacking if runs else 'this grid has no such figure with these networks and eps'}."
        of_all = f"{sum(each.status is found.status for each in self.examined)} of {len(self.finding.claims)}"
        why = f"{of_all} claims {found.status}"
        if len(found.effect.seeds) < SEEDS:
            why = f"{COUNTED[len(found.effect.seeds)]}, {SEEDS} are needed to know how seeds differ"
        effect = f"{found.claim.quantity}, {found.claim.band}: {numbers(found.effect)}, {found.reason}"
        if self.not_judged:
            why += f"; {self._not_judged}"
        evidence = "".join(f" {each}" for each in (self.outlook, self.evidence) if each)
        return f'{head} ({why}). "{found.claim.text}" is {found.status}: {effect}.{evidence}'


def score(groups: Sequence[ComparisonGroup], findings: Sequence[Finding] = FINDINGS) -> list[ScoredFinding]:
    """Return every finding tested on ``groups``. A finding whose figure they lack is not run, and has no command."""
    by_name = {group.name: group for group in groups}
    return [_scored(finding, by_name) for finding in findings]


def _scored(finding: Finding, groups: Mapping[str, ComparisonGroup]) -> ScoredFinding:
    asked = {place: claim for place, claim in enumerate(finding.claims) if _askable(claim, groups)}
    used = [groups[name] for name in dict.fromkeys(claim.group for claim in asked.values())]
    samples: dict[tuple[str, Quantity, Band], PairedSamples] = {}
    effects: dict[str, Effect] = {}
    missing: dict[str, None] = {}
    not_judged: list[Claim] = []
    for place, claim in asked.items():
        group = groups[claim.group]
        key = (claim.group, claim.quantity, claim.band)
        if key not in samples:
            samples[key] = group.samples(claim.quantity, claim.band)
        names = {group.label(run): run.name for run in group.runs}
        wanted = {names[label]: weight for label, weight in claim.weights.items()}
        if not all(group.learned(run) for run in group.runs if run.name in wanted):
            not_judged.append(claim)
            continue
        missing |= {command: None for run, command in group.missing.items() if run.name in wanted}
        with suppress(BadInput):  # the networks share no seed; the missing runs say which
            effects[str(place)] = samples[key].contrast(wanted)
    evidence = " ".join(masking_evidence(group) for group in used) if finding.masking else ""
    return ScoredFinding(
        finding, examined(finding, effects), tuple(missing), evidence, masked_count(used), tuple(not_judged)
    )


def _askable(claim: Claim, groups: Mapping[str, ComparisonGroup]) -> bool:
    """Tell whether the claim's figure is in the grid, with the claim's networks and radius."""
    group = groups.get(claim.group)
    if group is None or not set(claim.weights) <= {group.label(run) for run in group.runs}:
        return False
    if {(run.arch, run.batch_size) for run in group.runs} != {NETWORKS[claim.group]}:
        return False
    return claim.band.low != claim.band.high or claim.band.low in group.eps


def examined(finding: Finding, effects: Mapping[str, Effect]) -> tuple[Examined, ...]:
    """Return the claims of ``finding`` that have an effect, with their p values.

    Args:
        effects: by the claim's place in the finding, as text.
    """
    claims = {place: finding.claims[int(place)] for place in effects}
    ps = holm({place: effect.p for place, effect in effects.items()})
    same = holm({place: effect.p_within(claims[place].margin) for place, effect in effects.items()})
    tests = {place: _tests(claims[place], effect) for place, effect in effects.items()}
    bounds = {place: bound for place, (bound, _) in tests.items()}
    beyond = holm({place: other for place, (_, other) in tests.items()})
    if finding.counterexample:  # one of many claims is enough, so each is corrected
        bounds = holm(bounds)
    return tuple(
        Examined(claims[each], effects[each], ps[each], same[each], bounds[each], beyond[each]) for each in effects
    )


def _tests(claim: Claim, effect: Effect) -> tuple[float, float]:
    """Return the p of the claim's own one-sided or equivalence test, and of a difference beyond the margin."""
    above, below = effect.p_above(claim.margin), effect.p_below(-claim.margin)
    if claim.kind is Kind.NOT_MORE:
        return effect.p_below(claim.margin), above
    if claim.kind is Kind.NOT_LESS:
        return effect.p_above(-claim.margin), below
    return effect.p_within(claim.margin), min(1.0, 2 * min(above, below))
