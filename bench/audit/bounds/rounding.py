"""How far a sum in float64 may lie from the exact one."""

from __future__ import annotations


def slack(terms: int) -> float:
    """Return k(n) = 4 (n + 8) u, with u = 2^-53, for sums of n = ``terms`` products.

    A sum of n products in any order differs from the exact one by at most n u / (1 - n u) times the sum of the absolute
    products. k(n) covers three such sums and the few roundings of single numbers around them.
    Source: Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 3.1.
    """
    return 4.0 * (terms + 8) * 2.0**-53
