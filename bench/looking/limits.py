"""The table of the numbers that a look compares with, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """A threshold: its value, what it decides, and its source."""

    value: float
    meaning: str
    source: str


LIMITS = {
    "top share": Limit(
        0.05,
        "the part of the pixels that counts as the top of a map",
        "this suite",
    ),
    "sanity": Limit(
        0.5,
        "a map is worthless if its mean rank correlation with the map of shuffled weights is at least this",
        "the test: Adebayo et al. 2018, arXiv:1810.03292; the 0.5 is this suite's",
    ),
    "completeness": Limit(
        0.05,
        "integrated gradients are too coarse if their sum misses the logit's difference by more than this part of it, in the "
        "median over images",
        "Sundararajan et al. 2017, arXiv:1703.01365, section 5",
    ),
    "significance": Limit(0.05, "a difference is shown if its p, corrected after Holm, is below this", "the usual one"),
}
TOP_SHARE, SANITY, COMPLETENESS, SIGNIFICANCE = (LIMITS[name].value for name in LIMITS)
