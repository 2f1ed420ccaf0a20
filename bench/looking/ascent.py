"""The settings of an ascent on the logit of a class."""

from __future__ import annotations

from dataclasses import dataclass

from bench.errors import BadInput

# Setting -> smallest and largest value, and its unit.
RANGES = {
    "steps": (1, 10_000, "steps"),
    "learning_rate": (1e-6, 255, "pixel levels a step"),
    "jitter": (0, 32, "pixels"),
    "blur": (0, 10, "pixels, the deviation of a Gaussian"),
    "blur_every": (1, 10_000, "steps"),
    "decay": (0, 1, "the part of the distance to grey"),
    "noise": (0, 127.5, "pixel levels, the deviation of the start"),
    "seed": (0, 2**32 - 1, "a whole number"),
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
        for name, (low, high, unit) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise BadInput(
                    f"{name} is {value:g}: expected {low:g} to {high:g} ({unit}); give a value in this range"
                )

    @property
    def words(self) -> str:
        """The settings in words, for a caption."""
        return (
            f"{self.steps} steps of {self.learning_rate:g} pixel levels, jitter {self.jitter} px, blur {self.blur:g} px every "
            f"{self.blur_every} steps, decay {self.decay:g}, seed {self.seed}."
        )
