"""A target as the Adversarial Robustness Toolbox (ART) sees it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from bench.attacks.base import Target
from bench.attacks.losses import Logit
from bench.datasets.base import Images


def art_classifier(target: Target, size: tuple[int, ...], classes: int) -> Any:
    """Return ``target`` as ART's classifier: images in [0, 1] in, logits out, with the gradient of each logit.

    The range is ART's own: its DeepFool multiplies each step by the range, and its C&W starts from constants that suit [0, 1].

    Args:
        size: the shape of an image, (height, width, 3).
        classes: the number of logits.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says at its import which other frameworks are not there
        from art.estimators.classification.classifier import ClassGradientsMixin, ClassifierMixin
        from art.estimators.estimator import BaseEstimator

    class ArtClassifier(ClassGradientsMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # ART has no types
        input_shape = size
        nb_classes = classes

        def predict(self, x: Any, **_: Any) -> Any:
            return target.logits(_in_levels(x))

        def fit(self, x: Any, y: Any, **_: Any) -> None:
            raise NotImplementedError(f"an attack does not train: {x}, {y}")

        def class_gradient(self, x: Any, label: Any = None, **_: Any) -> Any:
            """Return the gradients (n, 1, ...) of the logits ``label``, one for all or one for each image, or of all."""
            images = _in_levels(x)
            chosen = range(classes) if label is None else [label]
            return np.stack([self._gradient(images, each) for each in chosen], axis=1)

        def _gradient(self, images: Images, label: Any) -> Images:
            others = np.broadcast_to(np.asarray(label, np.int64), (len(images),))
            return 255 * target.step(images, others, Logit(), others)[2]

    return ArtClassifier(model=None, clip_values=(0.0, 1.0))


def _in_levels(x: Any) -> Images:
    return np.asarray(255 * x, dtype=np.float32)
