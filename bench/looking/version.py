"""The versions of the numbers of a look and of the picture of a class."""

from __future__ import annotations

# Raise it, and name the change in CHANGELOG.md, when a map, an agreement or the choice of images changes a number.
LOOK = 1
# The same for the picture of a class.
CLASS_IMAGE = 1
