"""The table of attacks. A new one is a file beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable

from bench.attacks.base import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.naming import parse
from bench.attacks.pgd import Pgd

__all__ = ["ATTACKS", "Attack", "attack_named"]

ATTACKS: dict[str, Callable[..., Attack]] = {
    Fgsm.kind: Fgsm,
    Pgd.kind: Pgd,
}


def attack_named(text: str) -> Attack:
    """Return the attack that ``text`` names, as ``fgsm`` or ``fgsm(loss=margin)``; BadInput where there is none."""
    return parse(text, ATTACKS)
