"""One attack on one run: which attack, at which radii, on which share of the validation images."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.attacks import Attack
from bench.attacks.fgsm import Fgsm
from bench.errors import BadInput
from bench.limits import Range
from bench.spec import Run

# Dense where accuracy falls, and on to half the range, where it must have reached chance.
EPS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
RADIUS = Range("pixel levels", 0, 255)
SHARE = Range("a share of the validation images", 0, 1, open_low=True)


@dataclass(frozen=True)
class Trial:
    """An attack at the radii ``eps`` (pixel levels, ascending, 0 first) on a ``fraction`` of the validation images."""

    attack: Attack
    eps: tuple[float, ...] = EPS
    fraction: float = 1.0

    def __post_init__(self) -> None:
        for radius in self.eps:
            RADIUS.check("eps", radius)
        SHARE.check("attack fraction", self.fraction)
        if not self.eps or self.eps[0] != 0 or any(a >= b for a, b in zip(self.eps, self.eps[1:], strict=False)):
            raise BadInput(f"eps is {self.eps}: expected radii in ascending order, each once, the first 0")

    def __str__(self) -> str:
        grid = "" if self.eps == EPS else " eps=" + ",".join(f"{radius:g}" for radius in self.eps)
        part = "" if self.fraction == 1 else f" fraction={self.fraction:g}"
        return f"{self.attack}{grid}{part}"

    @property
    def name(self) -> str:
        """The name of the trial's files: the attack, with a hash where radii or fraction are not the usual ones."""
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


def parse_eps(text: str) -> tuple[float, ...]:
    """Read radii separated by commas, ascending; 0 is put in front where it is missing."""
    try:
        radii = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput(f"eps is {text!r}: expected numbers separated by commas, as in 0,0.5,1,2,4,8") from error
    return radii if radii[0] == 0 else (0.0, *radii)


def trials_of(run: Run, attacks: Sequence[Attack], eps: tuple[float, ...], fraction: float) -> list[Trial]:
    """Return the trials of ``run``: ``attacks`` or, where none is named, FGSM as an attacker does it who knows the network.

    A network trained at another temperature than 1 is attacked by one who does not know it as well, and in any case on
    the logit margin, since the cross-entropy may leave no gradient there.
    """
    tempered = run.temperature != 1
    asked = list(attacks) or [Fgsm(), *[Fgsm(knowledge="none")] * tempered]
    whole = [*asked, *[Fgsm(loss="margin")] * tempered]
    return [Trial(attack, eps, fraction) for attack in dict.fromkeys(whole)]
