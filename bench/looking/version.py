"""The version of the numbers of a look."""

from __future__ import annotations

# Raise it, and name the change in CHANGELOG.md, when a map, an agreement or the choice of images changes a number.
LOOK = 1
