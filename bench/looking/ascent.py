"""The settings of an ascent on the logit of a class."""

from __future__ import annotations

from dataclasses import dataclass

from bench.spec.limits import Range

RANGES = {
    "steps": Range("steps", 1, 10_000, whole=True),
    "learning_rate": Range("pixel levels a step", 1e-6, 255),
    "jitter": Range("pixels", 0, 32, whole=True),
    "blur": Range("the deviation in pixels", 0, 10),
    "blur_every": Range("steps", 1, 10_000, whole=True),
    "decay": Range("the part of the distance to grey", 0, 1),
    "noise": Range("the deviation in pixel levels", 0, 127.5),
    "seed": Range("a whole number", 0, 2**32 - 1, whole=True),
}


@dataclass(frozen=True)
class Ascent:
    """How an image climbs the logit of a class.

    Args:
        steps: their number.
        learning_rate: the root mean square of the change in one step, pixel levels.
        jitter: the largest random shift in each direction before a step, pixels.
        blur: the deviation of the Gaussian blur, pixels; 0: none.
        blur_every: the steps between two blurs.
        decay: the part of the distance to mid-grey that each step takes away (the L2 penalty).
        noise: the deviation of the noise at the start, pixel levels.
        seed: of the noise and of the jitter.

    Raises:
        BadInput: a setting is out of its range.
    """

    steps: int = 256
    learning_rate: float = 4.0
    jitter: int = 4
    blur: float = 0.5
    blur_every: int = 4
    decay: float = 0.01
    noise: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, limit in RANGES.items():
            limit.check(name, getattr(self, name))

    @property
    def words(self) -> str:
        """The settings in words, for a caption."""
        return (
            f"{self.steps} steps of {self.learning_rate:g} pixel levels, jitter {self.jitter} px, blur {self.blur:g} px every "
            f"{self.blur_every} steps, decay {self.decay:g}, seed {self.seed}."
        )
