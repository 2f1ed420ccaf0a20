"""What two equal runs must have in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def identity(folder: Path) -> dict[str, Any]:
    """Return everything of a folder's records but what may differ between two equal runs: times and host."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if path.name == "exit.json":
            continue
        if path.suffix == ".json":
            record = json.loads(path.read_text())["record"]
            found[path.name] = {key: value for key, value in record.items() if key != "volatile"}
            # The hash of the code says what ran; a commit may come while two runs are made.
            found[path.name].get("environment", {}).pop("commit", None)
        elif path.suffix == ".npz":
            found[path.name] = path.read_bytes()
    return found
