"""The version of the evidence of an audit."""

from __future__ import annotations

# Raise it, and name the change in CHANGELOG.md, when a battery, a probe or the choice of images changes a number.
AUDIT = 1
AUDIT_INT8 = 2  # the same of a network in 8 bits
