"""A confidence as text."""

from __future__ import annotations


def percent(confidence: float) -> str:
    """Return a confidence, in [0, 1], as a percentage that is never rounded to 0 or 100."""
    if confidence < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if confidence > 0.999 else f"{100 * confidence:.1f} %"
