"""The table of attacks. A new one is a file beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable

from bench.attacks.base import Attack
from bench.attacks.fgsm import Fgsm

__all__ = ["ATTACKS", "Attack"]

ATTACKS: dict[str, Callable[[], Attack]] = {
    Fgsm.kind: Fgsm,
}
