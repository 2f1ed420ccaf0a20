"""The key of a run: its name and its seed, which no other run has. It is the run's folder under that of the records."""

from __future__ import annotations

_SEED = "/seed-"


def key_of(name: str, seed: int) -> str:
    """Return the key of the run ``name`` at ``seed``, as "resnet18-b128-imagenette64-de24c892/seed-0"."""
    return f"{name}{_SEED}{seed}"


def parts_of(key: str) -> tuple[str, str]:
    """Return the name in ``key`` and its seed as text, which is empty where ``key`` is a name alone."""
    name, _, seed = key.partition(_SEED)
    return name, seed
