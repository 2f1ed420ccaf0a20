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

    def check(self, arch: str) -> None:
        """Accept every architecture."""


@dataclass(frozen=True)
class ReportRanks:
    """The report's ranks for an architecture, ``lr1``, or half of them rounded down, ``lr2``."""

    name: str

    def __str__(self) -> str:
        return self.name

    def check(self, arch: str) -> None:
        """Raise BadInput where the report names no ranks for ``arch``."""
        known = architecture(arch).lr1
        if not known:
            raise BadInput(
                f"low_rank is {self.name}, but the report has no ranks for {arch}: expected full"
                + ("" if known == () else ", a fraction as 0.5, or a list")
            )

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

    def check(self, arch: str) -> None:
        """Raise BadInput where ``arch`` has no convolution larger than 1x1."""
        _check_convolutions(arch, None)

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

    def check(self, arch: str) -> None:
        """Raise BadInput where ``arch`` has another number of convolutions larger than 1x1."""
        _check_convolutions(arch, len(self.ranks))

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


def _check_convolutions(arch: str, ranks: int | None) -> None:
    known = architecture(arch).lr1
    if known is None:
        return
    if not known:
        raise BadInput(f"low_rank: {arch} has no convolution larger than 1x1; expected full")
    if ranks not in (None, len(known)):
        raise BadInput(f"low_rank lists {ranks} ranks: {arch} has {len(known)} convolutions larger than 1x1")


def _listed(ranks: tuple[int, ...], index: int) -> int:
    if index >= len(ranks):
        raise BadInput(f"low_rank lists {len(ranks)} ranks: the network has more convolutions larger than 1x1")
    return ranks[index]
