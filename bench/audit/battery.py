"""The batteries: which attacks an audit runs, in which order, and on what."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.attacks.apgd import Apgd
from bench.attacks.base import Attack
from bench.attacks.fgsm import Fgsm
from bench.attacks.fmn import Fmn
from bench.attacks.noise import Noise
from bench.attacks.square import Square
from bench.attacks.transfer import Transfer
from bench.audit.evidence import Access
from bench.audit.version import VERSIONS


@dataclass(frozen=True)
class Stage:
    """One attack of a battery.

    Args:
        name: its name in records and checks.
        attack: the attack.
        access: what it uses of the network.
        most: the largest number of images that it is tried on; None for all that are left.
    """

    name: str
    attack: Attack
    access: Access
    most: int | None = None


@dataclass(frozen=True)
class Battery:
    """The stages of an audit, in order.

    Each stage works on what the stages before it left: the images that the network still classifies correctly at each
    radius. The one-step stages work on every image, so that their accuracies can be compared.

    Args:
        images: how many images it takes.
        stages: in order.
        adapted: the stages that follow where a check of the gradient or of the attacks is flagged.
        probed: how many of the images the probes take.
        longer: whether the probes that take longest are made too.
        as_trained: the name of the same battery of the network as it was trained, for one that audits it as it is deployed,
            in 8 bits; empty for one of the network as it was trained. Both are compared with the control as it was trained.
    """

    name: str
    images: int
    stages: tuple[Stage, ...]
    adapted: tuple[Stage, ...] = ()
    probed: int = 64
    longer: bool = False
    as_trained: str = ""

    @property
    def version(self) -> int:
        """The version of its evidence."""
        return VERSIONS[self.name]

    @property
    def int8(self) -> bool:
        """Whether it audits the network in 8 bits."""
        return bool(self.as_trained)

    @property
    def of_control(self) -> str:
        """The name of the battery that the control is audited by."""
        return self.as_trained or self.name

    @property
    def deployed(self) -> Battery:
        """The same battery, of the network in 8 bits."""
        return replace(self, name=f"{self.name}-int8", as_trained=self.name)

    @property
    def alone(self) -> Battery:
        """The battery without the stages that need another network."""
        stages, adapted = (
            tuple(each for each in part if not each.attack.sources) for part in (self.stages, self.adapted)
        )
        return replace(self, stages=stages, adapted=adapted)


ONE_STEP = (
    Stage("fgsm", Fgsm(knowledge="none"), Access.ONE_STEP),
    Stage("fgsm at T", Fgsm(), Access.ONE_STEP),
    Stage("fgsm on margin", Fgsm(loss="margin"), Access.ONE_STEP),
)
SCREEN = Battery(
    "screen",
    256,
    (
        *ONE_STEP,
        Stage("apgd on margin", Apgd(loss="margin", steps=20), Access.WHITE_BOX),
        Stage("apgd on unit gap", Apgd(loss="unit-gap", steps=20, start="random"), Access.WHITE_BOX),
        Stage("apgd on targets", Apgd(targets=3, steps=10), Access.WHITE_BOX),
        Stage("square", Square(queries=150), Access.BLACK_BOX, 32),
        Stage("noise", Noise(draws=20), Access.BLACK_BOX),
        Stage("transfer", Transfer(), Access.TRANSFER),
    ),
)
FULL = Battery(
    "full",
    785,
    (
        *ONE_STEP,
        Stage("apgd on margin", Apgd(loss="margin", steps=50, restarts=2), Access.WHITE_BOX),
        Stage("apgd on unit gap", Apgd(loss="unit-gap", steps=50, restarts=2, start="random"), Access.WHITE_BOX),
        Stage("apgd on targets", Apgd(targets=9, steps=20), Access.WHITE_BOX),
        Stage("fmn", Fmn(steps=100), Access.WHITE_BOX),
        Stage("square", Square(queries=1000), Access.BLACK_BOX),
        Stage("noise", Noise(draws=20), Access.BLACK_BOX),
        Stage("transfer", Transfer(), Access.TRANSFER),
    ),
    (
        Stage("averaged gradient", Apgd(loss="margin", steps=20, gradient="averaged"), Access.ADAPTED),
        Stage("gradient of the control", Apgd(loss="margin", steps=50, gradient="control"), Access.ADAPTED),
    ),
    longer=True,
)
BATTERIES = {each.name: each for each in (SCREEN, FULL, SCREEN.deployed, FULL.deployed)}


def is_int8(name: str) -> bool:
    """Tell whether the battery ``name`` of a record audits the network in 8 bits. One that the suite no longer has does not."""
    return name in BATTERIES and BATTERIES[name].int8
