"""Every finding of the report put to the records; its verdict and its sentence are read off one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import copysign, inf

from bench.comparison.findings.claims import DIRECTED, Claim, Finding, Kind
from bench.comparison.findings.internship import FINDINGS, NETWORKS
from bench.comparison.group import ComparisonGroup
from bench.comparison.masking import masked_count, masking_evidence
from bench.comparison.paired import Effect, PairedSamples
from bench.comparison.significance import holm
from bench.comparison.verdict import COUNTED, DASH, LEVEL, SEEDS, numbers, probability, size
from bench.errors import BadInput
from bench.records.outcomes import Band, Quantity


class Verdict(StrEnum):
    """What the records say of a finding."""

    REPRODUCED = "reproduced"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


class ClaimStatus(StrEnum):
    """What the records say of one claim."""

    SHOWN = "shown"
    REFUTED = "refuted"
    OPEN = "open"


@dataclass(frozen=True)
class Examined:
    """A claim with its effect and the p values that decide on it.

    ``p``: of no difference, ``p_same``: of a difference beyond the margin, and ``p_beyond``: of one within it, on the side
    that the claim excludes; all corrected after Holm over the finding. ``p_bound``: of the claim's own one-sided or
    equivalence test.
    """

    claim: Claim
    effect: Effect
    p: float
    p_same: float
    p_bound: float
    p_beyond: float

    @property
    def status(self) -> ClaimStatus:
        """Shown, refuted or open, as ``Kind`` defines; open in any case with fewer than three seeds."""
        return self._decision[0]

    @property
    def reason(self) -> str:
        """The p that the status rests on, or that fell short where it is open, with what it is a p against."""
        return f"{probability(self._decision[1])} against {self._decision[2]}"

    @property
    def against(self) -> float:
        """How much the difference speaks against the claim, in standard errors from where the claim ends to be true.

        The one-sided p of the claim rises with it, but is 1 to the last digit where this still tells two claims apart.
        """
        kind, excess = self.claim.kind, self.effect.difference
        if kind is Kind.SAME:
            excess = abs(excess)
        elif kind in (Kind.MORE, Kind.NOT_LESS):
            excess = -excess
        if kind not in DIRECTED:
            excess -= self.claim.margin
        return excess / self.effect.se if self.effect.se else copysign(inf, excess)

    @property
    def _decision(self) -> tuple[ClaimStatus, float, str]:
        """The status, the p that decides and what it is a p against."""
        kind, enough = self.claim.kind, len(self.effect.seeds) >= SEEDS
        none, beyond = "no difference", f"a difference beyond {size(self.claim.margin)}"
        if kind in DIRECTED:
            if enough and self.p < LEVEL:
                agrees = (self.effect.difference > 0) == (kind is Kind.MORE)
                return (ClaimStatus.SHOWN if agrees else ClaimStatus.REFUTED), self.p, none
            if enough and kind is not Kind.FAINTLY_LESS and self.p_same < LEVEL:
                return ClaimStatus.REFUTED, self.p_same, beyond
            return ClaimStatus.OPEN, self.p, none
        if enough and self.p_bound < LEVEL:
            return ClaimStatus.SHOWN, self.p_bound, beyond
        if enough and self.p_beyond < LEVEL:
            return ClaimStatus.REFUTED, self.p_beyond, f"a difference within {size(self.claim.margin)}"
        return ClaimStatus.OPEN, self.p_bound, beyond


@dataclass(frozen=True)
class ScoredFinding:
    """A finding with what the records say: every claim that could be examined, and the commands for what could not.

    ``evidence``: a sentence on masked gradients. ``masked``: in how many of the networks that were tested they are masked.
    """

    finding: Finding
    examined: tuple[Examined, ...]
    missing: tuple[str, ...] = ()
    evidence: str = ""
    masked: str = DASH

    @property
    def verdict(self) -> Verdict:
        """Reproduced, contradicted, inconclusive or not run, by the finding's rule."""
        statuses = [each.status for each in self.examined]
        whole = len(self.examined) == len(self.finding.claims)
        if not self.examined or not (whole or self.finding.counterexample):
            return Verdict.NOT_RUN
        if self.finding.counterexample:
            if ClaimStatus.SHOWN in statuses:
                return Verdict.REPRODUCED
            return Verdict.CONTRADICTED if whole and set(statuses) == {ClaimStatus.REFUTED} else Verdict.INCONCLUSIVE
        if ClaimStatus.REFUTED in statuses:
            return Verdict.CONTRADICTED
        return Verdict.REPRODUCED if set(statuses) == {ClaimStatus.SHOWN} else Verdict.INCONCLUSIVE

    @property
    def deciding(self) -> Examined | None:
        """The claim that decides.

        Of the claims that settle the verdict, or leave it open, the one that the records speak against the most: the weakest
        of a chain, or the clearest of what refutes. Where one counterexample is enough: that which they support the most.
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
    def sentence(self) -> str:
        """The verdict as a sentence to quote, with the deciding claim's effect, interval and p."""
        many = "s" if " " in self.finding.figure else ""
        head = f"Figure{many} {self.finding.figure} ({self.finding.setting}): {self.verdict}"
        found = self.deciding
        if found is None:
            return f"{head}: {_lacking(len(self.missing))}."
        of_all = f"{sum(each.status is found.status for each in self.examined)} of {len(self.finding.claims)}"
        why = f"{of_all} claims {found.status}"
        if len(found.effect.seeds) < SEEDS:
            why = f"{COUNTED[len(found.effect.seeds)]}, {SEEDS} are needed: how seeds differ is not known"
        effect = f"{found.claim.quantity}, {found.claim.band}: {numbers(found.effect)}, {found.reason}"
        evidence = self.evidence and f" {self.evidence}"
        return f'{head} ({why}). "{found.claim.text}" is {found.status}: {effect}.{evidence}'


def _lacking(runs: int) -> str:
    if runs:
        return f"{runs} of its runs {'has' if runs == 1 else 'have'} no record"
    return "this grid does not have its figure, with its networks and radii"


def score(groups: Sequence[ComparisonGroup], findings: Sequence[Finding] = FINDINGS) -> list[ScoredFinding]:
    """Return every finding scored on ``groups``; a figure that they lack is not run, and has no command."""
    by_name = {group.name: group for group in groups}
    return [_scored(finding, by_name) for finding in findings]


def _scored(finding: Finding, groups: Mapping[str, ComparisonGroup]) -> ScoredFinding:
    asked = {place: claim for place, claim in enumerate(finding.claims) if _askable(claim, groups)}
    used = [groups[name] for name in dict.fromkeys(claim.group for claim in asked.values())]
    samples: dict[tuple[str, Quantity, Band], PairedSamples] = {}
    effects: dict[str, Effect] = {}
    missing: dict[str, None] = {}
    for place, claim in asked.items():
        group = groups[claim.group]
        key = (claim.group, claim.quantity, claim.band)
        if key not in samples:
            samples[key] = group.samples(claim.quantity, claim.band)
        names = {group.label(run): run.name for run in group.runs}
        wanted = {names[label]: weight for label, weight in claim.weights.items()}
        missing |= {each.command: None for each in group.missing if each.run.name in wanted}
        try:
            effects[str(place)] = samples[key].contrast(wanted)
        except BadInput:
            continue  # no seed that all have: the missing runs say which
    evidence = " ".join(masking_evidence(group) for group in used) if finding.masking else ""
    return ScoredFinding(finding, examined(finding, effects), tuple(missing), evidence, masked_count(used))


def _askable(claim: Claim, groups: Mapping[str, ComparisonGroup]) -> bool:
    """Tell whether the claim's figure is in the grid, of its networks, and shows the one radius that it speaks of."""
    group = groups.get(claim.group)
    if group is None or not set(claim.weights) <= {group.label(run) for run in group.runs}:
        return False
    if {(run.arch, run.batch_size) for run in group.runs} != {NETWORKS[claim.group]}:
        return False
    return claim.band.low != claim.band.high or claim.band.low in group.eps


def examined(finding: Finding, effects: Mapping[str, Effect]) -> tuple[Examined, ...]:
    """Return the claims of ``finding`` that have an effect, by their place in it as text, each with its p values."""
    claims = {place: finding.claims[int(place)] for place in effects}
    ps = holm({place: effect.p for place, effect in effects.items()})
    same = holm({place: effect.p_within(claims[place].margin) for place, effect in effects.items()})
    bounds = {place: _bound(claims[place], effect) for place, effect in effects.items()}
    beyond = holm({place: _beyond(claims[place], effect) for place, effect in effects.items()})
    if finding.counterexample:  # one of many is enough, so that each must stand correction
        bounds = holm(bounds)
    return tuple(
        Examined(claims[each], effects[each], ps[each], same[each], bounds[each], beyond[each]) for each in effects
    )


def _bound(claim: Claim, effect: Effect) -> float:
    if claim.kind is Kind.NOT_MORE:
        return effect.p_below(claim.margin)
    if claim.kind is Kind.NOT_LESS:
        return effect.p_above(-claim.margin)
    return effect.p_within(claim.margin)


def _beyond(claim: Claim, effect: Effect) -> float:
    above, below = effect.p_above(claim.margin), effect.p_below(-claim.margin)
    if claim.kind is Kind.NOT_MORE:
        return above
    if claim.kind is Kind.NOT_LESS:
        return below
    return min(1.0, 2 * min(above, below))
