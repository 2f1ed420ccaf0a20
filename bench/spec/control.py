"""The control of a run: what it is compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.spec.ranks import FullRank
from bench.spec.run import Run


def control_of(run: Run) -> Run:
    """Return the control of ``run``: the same network, dense, of full rank, at temperature 1, on images as they are."""
    plain: dict[str, Any] = {"low_rank_init": "scratch", "low_rank_from": "", "low_rank": FullRank()}
    return replace(run, sparsity=0.0, temperature=1.0, adversarial_eps=0.0, **plain)
