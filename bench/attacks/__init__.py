"""The table of attacks. A new one is a file beside this and a line here.

Another package can add a row through the entry-point group ``bench.attacks``.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from functools import cache
from typing import Any

from bench.attacks.apgd import Apgd, ApgdL2
from bench.attacks.art_attacks import Boundary, Cw, DeepFool, HopSkipJump, Jsma
from bench.attacks.base import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.fgsm_l2 import FgsmL2
from bench.attacks.fmn import Fmn, FmnL2
from bench.attacks.gradient_attack import GradientAttack
from bench.attacks.noise import Noise
from bench.attacks.norms import Norm
from bench.attacks.pgd import Pgd
from bench.attacks.square import Square
from bench.attacks.transfer import Transfer
from bench.errors import BadInput
from bench.plugins import Plugins
from bench.spec.names import parse

__all__ = ["ATTACKS", "Attack", "attack_named", "known_attack", "margin_step"]

BUILT_IN: dict[str, type[Attack]] = {
    Fgsm.kind: Fgsm,
    FgsmL2.kind: FgsmL2,
    Pgd.kind: Pgd,
    Apgd.kind: Apgd,
    ApgdL2.kind: ApgdL2,
    Fmn.kind: Fmn,
    FmnL2.kind: FmnL2,
    Square.kind: Square,
    Noise.kind: Noise,
    Transfer.kind: Transfer,
    Cw.kind: Cw,
    DeepFool.kind: DeepFool,
    Jsma.kind: Jsma,
    Boundary.kind: Boundary,
    HopSkipJump.kind: HopSkipJump,
}


def accepted(offered: Any) -> type[Attack]:
    """Return what an entry point names; TypeError if it is not an attack."""
    if not (isinstance(offered, type) and issubclass(offered, Attack) and is_dataclass(offered)):
        raise TypeError(f"expected a dataclass derived from bench.attacks.base.Attack, received {offered!r}")
    if offered.__hash__ is None:
        raise TypeError(f"{offered.__name__} is not frozen: expected @dataclass(frozen=True)")
    for name in ("kind", "norm"):
        if not hasattr(offered, name):
            raise TypeError(f"{offered.__name__} has no {name}: expected the class attributes kind and norm")
    return offered


ATTACKS = Plugins("bench.attacks", BUILT_IN, accepted)


def attack_named(text: str) -> Attack:
    """Return the attack that ``text`` names, as ``fgsm`` or ``fgsm(loss=margin)``.

    Raises:
        BadInput: no attack has this name, or a setting cannot be.
    """
    attack = parse(text, ATTACKS)
    name = text.partition("(")[0].strip(" '\"")
    if attack.kind != name:
        raise BadInput(
            f"attack {name!r} has the kind {attack.kind!r}: expected its name in the table; rename one of them"
        )
    return attack


def known_attack(text: str) -> Attack | None:
    """Return the attack that a record names; None where the suite no longer has it."""
    try:
        return attack_named(text)
    except BadInput:
        return None


@cache
def margin_step(norm: Norm) -> Attack | None:
    """Return the suite's own step on the logit margin in ``norm``, which tells a masked gradient; None if there is none."""
    for each in BUILT_IN.values():
        if issubclass(each, GradientAttack) and each.one_step and each.norm == norm:
            return each(loss="margin")
    return None
