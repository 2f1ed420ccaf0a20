"""Ranks of separable convolutions: the number of channels between the two factors, layer by layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.errors import BadInput
from bench.spec.architectures import architecture
from bench.spec.limits import Range

RANK = Range("a rank", 1, 65_536, whole=True)
FRACTION = Range("a fraction of the largest useful rank", 0, 1, open_low=True)
EXPECTED = "full, lr1, lr2, a fraction in (0, 1] as 0.5, or a list as 8,40,60,100,200"
# LR2 is half of LR1: the report's section 4.2.
DIVISORS = {"lr1": 1, "lr2": 2}


@dataclass(frozen=True)
class FullRank:
    """No factorisation."""

    def __str__(self) -> str:
        return "full"


@dataclass(frozen=True)
class ReportRanks:
    """The report's ranks for an architecture, ``lr1``, or half of them rounded down, ``lr2``."""

    name: str

    def __str__(self) -> str:
        return self.name

    def rank(self, arch: str, index: int, largest: int) -> int:
        """Return the rank of convolution ``index`` of ``arch``; ``largest`` is not used."""
        del largest
        return max(1, _listed(architecture(arch).lr1 or (), index) // DIVISORS[self.name])


@dataclass(frozen=True)
class RankFraction:
    """In each layer the same fraction of the largest useful rank, rounded up to a whole channel."""

    fraction: float

    def __post_init__(self) -> None:
        FRACTION.check("low_rank", self.fraction)

    def __str__(self) -> str:
        return repr(float(self.fraction))

    def rank(self, arch: str, index: int, largest: int) -> int:
        """Return ``fraction`` of ``largest``, at least 1."""
        del arch, index
        return max(1, math.ceil(self.fraction * largest))


@dataclass(frozen=True)
class RankList:
    """A rank for each convolution larger than 1x1, in the order of the network."""

    ranks: tuple[int, ...]

    def __post_init__(self) -> None:
        for rank in self.ranks:
            RANK.check("low_rank", rank)

    def __str__(self) -> str:
        return ",".join(str(rank) for rank in self.ranks) + "," * (len(self.ranks) == 1)

    def rank(self, arch: str, index: int, largest: int) -> int:
        """Return the rank of convolution ``index``; ``largest`` is not used."""
        del arch, largest
        return _listed(self.ranks, index)


Ranks = FullRank | ReportRanks | RankFraction | RankList


def parse_ranks(text: str) -> Ranks:
    """Read ``full``, ``lr1``, ``lr2``, a fraction, or whole numbers separated by commas; BadInput for anything else."""
    if text == "full":
        return FullRank()
    if text in DIVISORS:
        return ReportRanks(text)
    try:
        if "," in text:
            return RankList(tuple(int(part) for part in text.removesuffix(",").split(",")))
        return RankFraction(float(text))
    except ValueError as error:
        raise BadInput(f"low_rank is {text!r}: expected {EXPECTED}") from error


def check_ranks(ranks: Ranks, arch: str) -> None:
    """Raise BadInput where ``ranks`` do not fit the convolutions of ``arch`` that are larger than 1x1."""
    known = architecture(arch).lr1  # None: nothing is known of the convolutions
    if isinstance(ranks, FullRank):
        return
    if isinstance(ranks, ReportRanks) and not known:
        others = "" if known == () else ", a fraction as 0.5, or a list"
        raise BadInput(f"low_rank is {ranks}, but the internship gives no ranks for {arch}: expected full{others}")
    if known == ():
        raise BadInput(f"low_rank: {arch} has no convolution larger than 1x1; expected full")
    if known and isinstance(ranks, RankList) and len(ranks.ranks) != len(known):
        raise BadInput(
            f"low_rank lists {len(ranks.ranks)} ranks: {arch} has {len(known)} convolutions larger than 1x1; expected a rank for "
            "each, or a fraction as 0.5"
        )


def _listed(ranks: tuple[int, ...], index: int) -> int:
    if index >= len(ranks):
        raise BadInput(
            f"low_rank lists {len(ranks)} ranks: the network has more convolutions larger than 1x1; expected a rank for each, or "
            "a fraction as 0.5"
        )
    return ranks[index]
