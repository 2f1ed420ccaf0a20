"""How many seeds a statement about a method needs."""

from __future__ import annotations

# With fewer, it would be about a seed and not about a method: Blalock et al. 2020, arXiv:2003.03033.
SEEDS = 3
