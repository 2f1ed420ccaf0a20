"""What an audit will cost, measured on the network before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from bench.attacks.losses import Margin
from bench.audit.battery import Battery
from bench.audit.evidence import Access
from bench.datasets.base import Split
from bench.evaluation.base import Network

TIMED = 64
# The dense control keeps about a half and a fifth of its clean accuracy at the two radii of an audit.
USUALLY_LEFT = 0.35


@dataclass(frozen=True)
class Cost:
    """The cost of a battery in seconds.

    Args:
        usual: for an undefended network.
        most: where every image survives every stage.
    """

    usual: float
    most: float

    def __str__(self) -> str:
        return f"about {_minutes(self.usual)} for an undefended network, at most {_minutes(self.most)}"


def cost_of(battery: Battery, network: Network, images: Split, radii: int) -> Cost:
    """Return the cost of ``battery`` on ``images`` at so many ``radii``, from the time of a few gradients and logits."""
    few = images.part(np.arange(min(TIMED, len(images))))
    clean, labels = few.images.astype(np.float32), few.labels
    network.gradient(clean, labels, Margin())  # the first call compiles
    network.logits(clean)
    began = time.perf_counter()
    network.gradient(clean, labels, Margin())
    between = time.perf_counter()
    network.logits(clean)
    a_gradient, a_query = (between - began) / len(few), (time.perf_counter() - between) / len(few)
    usual = most = 0.0
    for stage in (*battery.stages, *battery.adapted):
        count = min(len(images), stage.most or len(images)) * (1 if stage.access is Access.ONE_STEP else radii)
        gradients, queries = stage.attack.passes
        seconds = count * (gradients * a_gradient + queries * a_query)
        most += seconds
        if stage in battery.adapted:  # an undefended network does not ask for them
            continue
        limited = stage.access is Access.ONE_STEP or stage.most is not None
        usual += seconds if limited else USUALLY_LEFT * seconds
    return Cost(usual, most)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
