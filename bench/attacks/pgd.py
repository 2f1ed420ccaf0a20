"""Projected gradient descent, computed by the Adversarial Robustness Toolbox (ART)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench.attacks.base import Loss, Target
from bench.attacks.gradient_attack import GradientAttack
from bench.attacks.norms import LINF, Norm
from bench.datasets.base import Images, Labels
from bench.spec.limits import Range

STEPS = Range("steps", 1, 1000, whole=True)


@dataclass(frozen=True)
class Pgd(GradientAttack):
    """Raise the loss in ``steps`` steps of 2.5 eps / ``steps``, from the image itself, with a projection after each step.

        x_0 = x,   x_(k+1) = clip(P(x_k + 2.5 eps / n * sign(grad L(x_k, y))), 0, 255)

    x are the images in pixel levels, y the true labels, n is ``steps``, P projects onto the ball of radius eps around x,
    and L is the loss of ``GradientAttack``. The last iterate is the attacked image. Needs the extra ``art``.
    Departure from the source: no random start.
    Source: Madry et al. 2018, arXiv:1706.06083, section 2.1. The step length is this suite's: it reaches the edge of the
    ball from any point in it.
    """

    kind: ClassVar[str] = "pgd"
    title: ClassVar[str] = "PGD"
    norm: ClassVar[Norm] = LINF
    version: ClassVar[int] = 1
    library: ClassVar[str] = "art"

    steps: float = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        number = self.steps  # an attack as text has no integers
        steps = int(number) if isinstance(number, float) and number.is_integer() else number
        STEPS.check("steps of pgd", steps)
        object.__setattr__(self, "steps", steps)

    @property
    def moves(self) -> str:
        """A phrase for captions: the steps."""
        return f"{self.steps} PGD steps (ART)"

    def __call__(
        self, target: Target, images: Images, labels: Labels, eps: Sequence[float], seed: int
    ) -> Iterator[Images]:
        """Yield the attacked images for each radius, as ``Attack`` asks."""
        del seed
        from art.attacks.evasion.projected_gradient_descent.projected_gradient_descent_numpy import (
            ProjectedGradientDescentNumpy,
        )

        estimator = _estimator(target, self.differentiated(target.temperature), images)
        for radius in eps:
            if radius == 0:
                yield images
                continue
            climb = ProjectedGradientDescentNumpy(
                estimator,
                eps=float(radius),
                eps_step=2.5 * radius / self.steps,
                max_iter=int(self.steps),
                batch_size=len(images),
                verbose=False,
            )
            yield np.asarray(climb.generate(images, labels), dtype=np.float32)


def _estimator(target: Target, loss: Loss, images: Images) -> Any:
    """Return ``target`` as an ART classifier whose loss gradient is that of ``loss``."""
    from art.estimators.classification.classifier import ClassifierMixin
    from art.estimators.estimator import BaseEstimator, LossGradientsMixin

    class Estimator(ClassifierMixin, LossGradientsMixin, BaseEstimator):  # type: ignore[misc]  # ART has no types
        input_shape = images.shape[1:]
        nb_classes = target.logits(images[:1]).shape[1]

        def predict(self, x: Images, **_: Any) -> Any:
            return target.logits(x)

        def fit(self, x: Any, y: Any, **_: Any) -> None:
            raise NotImplementedError(f"an attack does not train: {x}, {y}")

        def loss_gradient(self, x: Images, y: Any, **_: Any) -> Images:
            return target.gradient(x.astype(np.float32), np.argmax(y, axis=1), loss)

    return Estimator(model=None, clip_values=(0.0, 255.0))
