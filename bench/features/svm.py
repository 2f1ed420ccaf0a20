"""A linear support vector machine on features, and its weights for features as they are."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Labels
from bench.plugins import require
from bench.spec.limits import Range

ITERATIONS = 2000
PENALTY = Range("the C of a support vector machine", 1e-8, 1e6)
PENALTIES = (0.0001, 0.001, 0.01, 0.1)  # the values of C to choose from, unless told otherwise
Features = NDArray[np.float32]


@dataclass(frozen=True)
class LinearSvm:
    """A fitted machine: logits = features @ kernel + bias.

    Args:
        kernel: float32, (features, classes).
        bias: float32, (classes,).
        converged: whether the solver ended before its limit of iterations.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    converged: bool

    def logits(self, features: Features) -> NDArray[np.float32]:
        """Return the decision values, (n, classes)."""
        return np.asarray(features @ self.kernel + self.bias, dtype=np.float32)

    def right(self, features: Features, labels: Labels) -> int:
        """Return how many of the images are classified correctly."""
        return int((self.logits(features).argmax(axis=1) == labels).sum())


def check_machine(penalties: Sequence[float]) -> None:
    """Raise BadInput where no machine can be fitted: a C in ``penalties`` cannot be, or scikit-learn is not installed."""
    for each in penalties:
        PENALTY.check("C", each)
    require("a linear SVM", "transfer", "sklearn")


def fitted(features: Features, labels: Labels, penalty: float, seed: int) -> LinearSvm:
    """Fit scikit-learn's LinearSVC, one class against the rest, on standardised features.

    Standardisation is part of the weights that are returned: kernel = W / s, bias = b - m W / s, where m and s are mean
    and deviation of each feature on these images. A feature that never changes gets weight 0.

    Args:
        features: float32, (n, features).
        labels: int64, (n,), with at least two classes, 0 to c - 1.
        penalty: C, the weight of the errors against the norm of W.
        seed: of the order in which the solver takes the images.
    """
    machine, warning = import_module("sklearn.svm"), import_module("sklearn.exceptions").ConvergenceWarning
    mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    still = deviation < 1e-6 * np.maximum(np.abs(mean), 1e-6)
    scale = np.where(still, 0.0, 1 / np.where(still, 1, deviation))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found: Any = machine.LinearSVC(
            C=penalty, dual=len(features) < features.shape[1], max_iter=ITERATIONS, random_state=seed
        ).fit((features - mean) * scale, labels)
    weights, bias = found.coef_.T, found.intercept_
    if weights.shape[1] == 1:  # of two classes the machine has one decision value, that of the second
        weights, bias = np.concatenate([-weights, weights], axis=1), np.concatenate([-bias, bias])
    kernel = weights * scale[:, None]
    return LinearSvm(
        kernel.astype(np.float32),
        (bias - mean @ kernel).astype(np.float32),
        not any(issubclass(each.category, warning) for each in caught),
    )
