"""A picture of the report: its files and what it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """A picture: its files, relative to the report, and what it shows in words."""

    files: tuple[str, ...]
    words: str

    def file(self, kind: str) -> str:
        """Return the file of that kind, png or svg, or the one that there is."""
        return next((file for file in self.files if file.endswith(kind)), self.files[0])
