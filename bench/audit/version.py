"""The version of the evidence of an audit."""

from __future__ import annotations

# Raise the number of a battery, and name the change in CHANGELOG.md, when its stages, a probe or the choice of images changes
# a number of it.
VERSIONS = {"screen": 1, "full": 2, "screen-int8": 2, "full-int8": 3}
