"""The table of attacks. A new one is a file beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable

from bench.attacks.base import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.fgsm_l2 import FgsmL2
from bench.attacks.gradient_attack import GradientAttack
from bench.attacks.norms import Norm
from bench.attacks.pgd import Pgd
from bench.spec.names import parse

__all__ = ["ATTACKS", "Attack", "attack_named", "margin_step"]

ATTACKS: dict[str, Callable[..., Attack]] = {
    Fgsm.kind: Fgsm,
    FgsmL2.kind: FgsmL2,
    Pgd.kind: Pgd,
}


def attack_named(text: str) -> Attack:
    """Return the attack that ``text`` names, as ``fgsm`` or ``fgsm(loss=margin)``; BadInput where there is none."""
    return parse(text, ATTACKS)


def margin_step(norm: Norm) -> Attack | None:
    """Return the attack that tells a masked gradient in ``norm``, one step on the logit margin; None where there is none."""
    for each in ATTACKS.values():
        if isinstance(each, type) and issubclass(each, GradientAttack) and each.one_step and each.norm == norm:
            return each(loss="margin")
    return None
