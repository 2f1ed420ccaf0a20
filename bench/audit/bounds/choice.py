"""The bounds for a network: CROWN where it applies, else intervals, else none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bench.audit.bounds.certified import Bounds
from bench.audit.bounds.crown import CrownBounds
from bench.audit.bounds.interval import IntervalBounds
from bench.errors import BadInput


def bounds_of(model: Any) -> Bounds | None:
    """Return the tightest bounds for the tf_keras network ``model``; None where it has a layer that none of them knows."""
    for kind in (CrownBounds, IntervalBounds):
        with suppress(BadInput):
            return kind(model)
    return None
