"""A finding of the internship as data: claims that a test can show or refute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bench.comparison.verdict import EQUIVALENCE
from bench.records.outcomes import Band, Quantity


class Kind(StrEnum):
    """What a claim says about a difference d. All tests are at 0.05; m is the claim's margin.

    ==============  ============================================  ===================================================
    kind            shown by                                      refuted by
    ==============  ============================================  ===================================================
    more, less      the two-sided test, with this sign of d       the two-sided test with the other sign, or a test
                                                                  that d is within m
    slightly less   the two-sided test, with d below 0            the two-sided test, with d above 0
    not more        the one-sided test that d is below m          the test that d is above m
    not less        the one-sided test that d is above -m         the test that d is below -m
    same            both one-sided tests: d is within m           the test that d is beyond m, on either side
    ==============  ============================================  ===================================================

    The two-sided tests and all that refute are corrected after Holm over the claims of the finding.
    """

    MORE = "more"
    LESS = "less"
    SLIGHTLY_LESS = "slightly less"
    NOT_MORE = "not more"
    NOT_LESS = "not less"
    SAME = "the same"


DIRECTED = (Kind.MORE, Kind.LESS, Kind.SLIGHTLY_LESS)


@dataclass(frozen=True)
class Claim:
    """A statement about a difference, which a test can show or refute.

    The difference is the sum over networks of ``weights`` times ``quantity`` averaged over the radii of ``band``.

    Args:
        group: the name of the comparison group.
        weights: by the label of the network in the group.
        margin: how large a difference counts as none, in the unit of ``quantity``.
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
    """A statement of the internship report about a figure, and the claims that test it.

    It is reproduced where all claims are shown, and contradicted where one is refuted.

    Args:
        figure: the name of the figure, and ``setting`` its networks.
        sentence: the statement, and ``plain`` the same for a reader outside the field.
        statistic: the claims in words, and ``rule`` the rule in words.
        counterexample: one shown claim is enough to reproduce the finding, and all must be refuted to contradict it.
        masking: the answer names the evidence on masked gradients.
    """

    figure: str
    setting: str
    sentence: str
    statistic: str
    rule: str
    claims: tuple[Claim, ...]
    plain: str = ""
    counterexample: bool = False
    masking: bool = False
