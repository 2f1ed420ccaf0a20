"""What a finding of the internship is: claims that a test can show or refute, and the rule that makes a verdict of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bench.comparison.verdict import EQUIVALENCE
from bench.records.outcomes import Band, Quantity


class Kind(StrEnum):
    """What a claim says of a difference d. ``m`` is its margin.

    Shown at 0.05 by: d's two-sided test, corrected after Holm over the claims of the finding (more, less); one one-sided
    test against m (not more, not less) or two (same). Refuted by a corrected two-sided test in the other direction (more,
    less), or by a corrected test that d lies beyond m: above it (not more), below -m (not less), either (same). A d that
    is off zero and not shown to be beyond m refutes none of these. "More" and "less" are refuted as well where d is shown
    to be within m. The faint ones name a direction alone, and no smallness of d refutes them.
    """

    MORE = "more"
    LESS = "less"
    FAINTLY_LESS = "less, be it ever so little"
    NOT_MORE = "not more"
    NOT_LESS = "not less"
    SAME = "the same"


DIRECTED = (Kind.MORE, Kind.LESS, Kind.FAINTLY_LESS)


@dataclass(frozen=True)
class Claim:
    """One thing that a finding says, which a test can show or refute.

    The difference is the sum over networks of ``weights`` (by the network's label in its figure) times ``quantity``
    averaged over the radii of ``band``. ``group``: the name of figure and attack. ``margin``: in shares.
    """

    text: str
    group: str
    weights: Mapping[str, float]
    quantity: Quantity
    band: Band
    kind: Kind
    margin: float = EQUIVALENCE


@dataclass(frozen=True)
class Finding:
    """What the report says, in its ``sentence``, of a figure's ``setting``; and the claims that it stands on.

    ``statistic`` and ``rule`` say in words what ``claims`` say as data. It is reproduced where all claims are shown and
    contradicted where one is refuted; or, where one ``counterexample`` is enough, reproduced where one is shown and
    contradicted where all are refuted. ``masking``: whether the evidence on masked gradients belongs to the answer.
    """

    figure: str
    setting: str
    sentence: str
    statistic: str
    rule: str
    claims: tuple[Claim, ...]
    counterexample: bool = False
    masking: bool = False
