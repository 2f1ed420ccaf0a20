"""One attack on one run: the attack, its radii and the fraction of the validation images."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.attacks import Attack, margin_step
from bench.attacks.fgsm import Fgsm
from bench.errors import BadInput
from bench.spec.limits import Range
from bench.spec.names import exactly
from bench.spec.run import Run

MOST_RADII = 200
FRACTION = Range("a fraction of the validation images", 0, 1, open_low=True)


@dataclass(frozen=True)
class AttackSpec:
    """An attack, its radii and its images.

    Args:
        attack: the attack.
        eps: radii in the attack's norm and its unit, ascending, 0 first. The default is the norm's usual radii.
        fraction: the fraction of the validation images, in (0, 1].

    Raises:
        BadInput: a radius or the fraction is not allowed.
    """

    attack: Attack
    eps: tuple[float, ...] = ()
    fraction: float = 1.0

    def __post_init__(self) -> None:
        if not self.eps:
            object.__setattr__(self, "eps", self.attack.norm.eps)
        if len(self.eps) > MOST_RADII:
            raise BadInput(f"eps has {len(self.eps):,} values: expected at most {MOST_RADII}")
        limit = Range(self.attack.norm.unit, 0, self.attack.norm.largest)
        for radius in self.eps:
            limit.check("eps", radius)
        FRACTION.check("attack fraction", self.fraction)
        if self.eps[0] != 0 or any(a >= b for a, b in zip(self.eps, self.eps[1:], strict=False)):
            raise BadInput(f"eps is {self.eps}: expected values in ascending order, each once, the first 0")

    def __str__(self) -> str:
        grid = "" if self.eps == self.attack.norm.eps else " eps=" + eps_text(self.eps)
        part = "" if self.fraction == 1 else f" fraction={exactly(self.fraction)}"
        return f"{self.attack}{grid}{part}"

    @property
    def name(self) -> str:
        """The name of the attack's files, with a hash if radii or fraction are not the usual ones."""
        head = re.sub(r"[^A-Za-z0-9.]+", "-", str(self.attack)).strip("-")
        if str(self) == str(self.attack):
            return head
        return f"{head}-{hashlib.sha256(str(self).encode()).hexdigest()[:8]}"

    def subset(self, run: Run, images: int) -> NDArray[np.int64]:
        """Return the indices, ascending, of the validation images to attack, out of ``images``.

        They are round(``fraction`` * ``images``), at least one, drawn uniformly without replacement by the run's seed.
        """
        kept = max(1, math.floor(self.fraction * images + 0.5))
        drawn = np.random.default_rng(run.derived_seed("subset")).permutation(images)[:kept]
        return np.sort(drawn)


def eps_text(eps: Sequence[float]) -> str:
    """Return radii as text for the option ``--eps``."""
    return ",".join(map(exactly, eps))


def parse_eps(text: str) -> tuple[float, ...]:
    """Read radii separated by commas. 0 is put in front if the first one is not 0."""
    try:
        radii = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        hint = "; eps is in pixel levels of 0 to 255, so that 8/255 is 8" if "/" in text else ""
        raise BadInput(f"eps is {text!r}: expected numbers separated by commas, as in 0,0.5,1,2,4,8{hint}") from error
    return radii if radii[0] == 0 else (0.0, *radii)


def radii_above_zero(eps: Sequence[float]) -> tuple[float, ...]:
    """Return the radii in ``eps``, L-infinity, ascending, without 0; BadInput where one cannot be or there is none."""
    if not any(eps):
        raise BadInput(f"eps is {eps_text(eps) or 'empty'}: expected a value above 0, as in 2,4")
    return AttackSpec(Fgsm(), tuple(eps) if eps[0] == 0 else (0.0, *eps)).eps[1:]


def default_attacks(runs: Sequence[Run]) -> list[Attack]:
    """Return the attacks on ``runs`` together, for which none was named.

    It is FGSM by an attacker who knows the temperature and, where one is trained at another than 1, by one who does not.
    """
    return [Fgsm(), *[Fgsm(knowledge="none")] * any(run.temperature != 1 for run in runs)]


def attack_specs(
    run: Run, attacks: Sequence[Attack] = (), eps: tuple[float, ...] = (), fraction: float = 1.0
) -> list[AttackSpec]:
    """Return the specs of ``attacks`` on ``run``, or of the default attacks if ``attacks`` is empty.

    Each attack is there once, as it is recorded on a network trained at the temperature of ``run``. A network trained at a
    temperature other than 1 is also attacked on the logit margin, in each norm of its attacks, because the gradient of the
    cross-entropy can be zero there.

    Raises:
        BadInput: ``eps`` is given for attacks in several norms.
    """
    asked = list(attacks) or default_attacks([run])
    norms = dict.fromkeys(attack.norm for attack in asked)
    if eps and len(norms) > 1:
        raise BadInput(
            f"--eps with attacks in {' and '.join(map(str, norms))}: one eps means different things in them; "
            "expected one norm a run, or no --eps"
        )
    if run.temperature != 1:
        asked += [step for norm in norms if (step := margin_step(norm))]
    recorded = dict.fromkeys(attack.against(run.temperature) for attack in asked)
    return [AttackSpec(attack, eps, fraction) for attack in recorded]
