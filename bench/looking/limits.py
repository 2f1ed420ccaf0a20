"""The numbers that a look compares with, and where each comes from."""

from __future__ import annotations

# The part of the pixels that counts as the top of a map: this suite's.
TOP_SHARE = 0.05
# A map is worthless if its mean rank correlation with the map of shuffled weights is at least this. The test is that of
# Adebayo et al. 2018, arXiv:1810.03292; the 0.5 is this suite's.
SANITY = 0.5
# Integrated gradients are too coarse if their sum misses the logit's difference by more than this part of it, in the median
# over images: Sundararajan et al. 2017, arXiv:1703.01365, section 5.
COMPLETENESS = 0.05
# A difference is shown if its p, corrected after Holm, is below this: the usual one.
SIGNIFICANCE = 0.05
