"""Transfer: images made on another network, the source, and shown to the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.attacks.apgd import ascend
from bench.attacks.ball import Radii
from bench.attacks.base import Target, Threat
from bench.attacks.gradient_search import COUNTS
from bench.attacks.losses import Margin
from bench.attacks.norms import LINF, Norm
from bench.attacks.search import Found, Search
from bench.datasets.base import Images, Labels
from bench.spec.run import RUN_NAME


@dataclass(frozen=True)
class Transfer(Search):
    """Climb the logit margin of the source as ``ascend`` does, and ask the target once for each image and radius.

    The climb does not end where the source is fooled: the image of the largest margin on the source is taken. It shows
    masking where it fools images that a white box did not. No network gets credit for withstanding it. For the source itself
    it is a white box. For any other network it is a black box.

    Args:
        source: the folder of a trained run on the same images, as ``--from`` takes it, at the seed of the attacked run; empty
            for the control of the attacked run.
        steps: of the climb; each costs one gradient of the source.

    Source: Papernot et al. 2016, arXiv:1605.07277 (transfer). The climb is this suite's.
    """

    kind: ClassVar[str] = "transfer"
    norm: ClassVar[Norm] = LINF
    version: ClassVar[int] = 1
    counts: ClassVar[bool] = False

    source: str = ""
    steps: float = 20

    def __post_init__(self) -> None:
        RUN_NAME.check("source of transfer", self.source)
        object.__setattr__(self, "steps", COUNTS["steps"].integer("steps of transfer", self.steps))

    @property
    def sources(self) -> tuple[str, ...]:
        """The source."""
        return (self.source,)

    def threat(self, trained_temperature: float) -> Threat:
        """Return what the attacker does and knows."""
        del trained_temperature
        # The last part of a run's name is its hash.
        label = f"transfer from {self.source.rpartition('-')[2]}" if self.source else "transfer from the control"
        climb = f"{self.steps} APGD steps on the logit margin of {self.source or 'the control'}, whose network it sees"
        return Threat(label, f"black box, true labels, {climb}; one query an image and eps", None)

    def search(self, target: Target, images: Images, labels: Labels, eps: Radii, draw: np.random.Generator) -> Found:
        """Return the image of the largest margin on the source in each ball, and whether it fools the target."""
        del draw
        source = target.other(self.source)
        moved, _ = ascend(source, images, labels, eps, self.norm, Margin(), int(self.steps), images, stop=False)
        return Found(moved, target.logits(moved).argmax(axis=1) != labels)
