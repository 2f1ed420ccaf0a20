"""One attack on one run: which attack, at which radii, on which fraction of the validation images."""

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
from bench.spec.run import Run

MOST_RADII = 200
FRACTION = Range("a fraction of the validation images", 0, 1, open_low=True)


@dataclass(frozen=True)
class AttackSpec:
    """An attack, its radii and its images.

    Args:
        attack: the attack.
        eps: radii in the attack's norm, pixel levels, ascending, 0 first; the norm's usual ones where left out.
        fraction: of the validation images, in (0, 1].

    Raises:
        BadInput: a radius or the fraction cannot be.
    """

    attack: Attack
    eps: tuple[float, ...] = ()
    fraction: float = 1.0

    def __post_init__(self) -> None:
        if not self.eps:
            object.__setattr__(self, "eps", self.attack.norm.eps)
        limit = Range("pixel levels", 0, self.attack.norm.largest)
        for radius in self.eps:
            limit.check("eps", radius)
        FRACTION.check("attack fraction", self.fraction)
        if self.eps[0] != 0 or any(a >= b for a, b in zip(self.eps, self.eps[1:], strict=False)):
            raise BadInput(f"eps is {self.eps}: expected radii in ascending order, each once, the first 0")
        if len(self.eps) > MOST_RADII:
            raise BadInput(f"eps has {len(self.eps):,} radii: expected at most {MOST_RADII}")

    def __str__(self) -> str:
        grid = "" if self.eps == self.attack.norm.eps else " eps=" + eps_text(self.eps)
        part = "" if self.fraction == 1 else f" fraction={self.fraction:g}"
        return f"{self.attack}{grid}{part}"

    @property
    def name(self) -> str:
        """The name of the attack's files, with a hash where radii or fraction are not the usual ones."""
        head = re.sub(r"[^A-Za-z0-9.]+", "-", str(self.attack)).strip("-")
        if str(self) == str(self.attack):
            return head
        return f"{head}-{hashlib.sha256(str(self).encode()).hexdigest()[:8]}"

    def subset(self, run: Run, images: int) -> NDArray[np.int64]:
        """Return the indices, ascending, of the ``images`` validation images to attack: all, or a draw by the run's seed.

        The draw is uniform without replacement and keeps round(``fraction`` * ``images``) of them, at least one.
        """
        kept = max(1, math.floor(self.fraction * images + 0.5))
        drawn = np.random.default_rng(run.derived_seed("subset")).permutation(images)[:kept]
        return np.sort(drawn)


def eps_text(eps: Sequence[float]) -> str:
    """Return radii as the option ``--eps`` takes them."""
    return ",".join(f"{radius:g}" for radius in eps)


def parse_eps(text: str) -> tuple[float, ...]:
    """Read radii separated by commas, ascending; 0 is put in front where it is missing."""
    try:
        radii = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        hint = "; eps is in pixel levels of 0 to 255, so that 8/255 is 8" if "/" in text else ""
        raise BadInput(f"eps is {text!r}: expected numbers separated by commas, as in 0,0.5,1,2,4,8{hint}") from error
    return radii if radii[0] == 0 else (0.0, *radii)


def default_attacks(temperature: float) -> list[Attack]:
    """Return the attacks on a network trained at ``temperature`` where none is named.

    FGSM by an attacker who knows the network and, at a temperature other than 1, by one who does not know it.
    """
    return [Fgsm(), *[Fgsm(knowledge="none")] * (temperature != 1)]


def attack_specs(
    run: Run, attacks: Sequence[Attack] = (), eps: tuple[float, ...] = (), fraction: float = 1.0
) -> list[AttackSpec]:
    """Return the specs of ``attacks`` on ``run``, or of the default ones where none is named.

    A network trained at another temperature than 1 is also attacked on the logit margin, in each norm of its attacks:
    the cross-entropy may leave no gradient there.

    Raises:
        BadInput: one list of radii for attacks in several norms.
    """
    asked = list(attacks) or default_attacks(run.temperature)
    norms = dict.fromkeys(attack.norm for attack in asked)
    if eps and len(norms) > 1:
        raise BadInput(
            f"--eps with attacks in {' and '.join(map(str, norms))}: one eps means different things in them; "
            "expected one norm a run, or no --eps"
        )
    if run.temperature != 1:
        asked += [step for norm in norms if (step := margin_step(norm))]
    return [AttackSpec(attack, eps, fraction) for attack in dict.fromkeys(asked)]
