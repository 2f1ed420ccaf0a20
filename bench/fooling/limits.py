"""The limits and defaults of the settings of a fooling image."""

from __future__ import annotations

from bench.spec.limits import Range

EPS = Range("pixel levels (L-infinity)", 0, 255, open_low=True)
STEPS_OF_A_CLIMB = Range("gradient steps", 1, 10_000, whole=True)
STEPS = 20  # of a climb, unless told otherwise
