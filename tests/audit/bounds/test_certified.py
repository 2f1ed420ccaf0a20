"""Certificates: the closed form of a linear network, and the rounding of float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bounded import convolutional, images_and_labels, margins, perceptron

from bench.attacks.norms import LINF
from bench.attacks.pgd import Pgd
from bench.attacks.spec import AttackSpec
from bench.audit.bounds.certified import Bounds, certified
from bench.audit.bounds.crown import CrownBounds
from bench.audit.bounds.interval import IntervalBounds
from bench.datasets.base import Split
from bench.errors import BadInput, BenchError
from bench.evaluation.classifier import Classifier
from bench.evaluation.referee import judge

SLACK = LINF.slack(0, 0)


def critical(seed: int, count: int) -> tuple[Any, Any, Any, Any]:
    """Return a linear network, images far from the ends of the box, their classes, and the radius that fools each."""
    model, exact = perceptron((), seed), perceptron((), seed, dtype="float64")
    images = np.random.default_rng(seed).integers(60, 196, (count, 6, 6, 3)).astype(np.float32)
    labels = model(images).numpy().argmax(axis=1)
    columns = exact.layers[-1].kernel.numpy() / 70
    norms = abs(columns[:, labels].T[:, None] - columns.T).sum(axis=2)
    norms[np.arange(count), labels] = 1
    return model, images, labels, (margins(exact, images, labels) / norms).min(axis=1)


def test_an_image_is_certified_just_where_its_margin_exceeds_eps_times_the_one_norm() -> None:
    model, images, labels, radii = critical(0, 40)
    assert 0.01 < radii.min() < radii.max() < 60
    bounds = IntervalBounds(model)
    for moved, expected in ((-4 * SLACK, True), (-SLACK / 2, False), (SLACK, False)):
        found = certified(bounds, images, labels, (radii + moved).astype(np.float32))
        assert (found == expected).all()


@pytest.mark.parametrize(
    ("bounds", "build"),
    [
        (IntervalBounds, lambda: convolutional("residual, batch norm and pooling", 2)),
        (CrownBounds, lambda: perceptron((9, 8), 2)),
    ],
)
def test_at_eps_zero_the_certified_images_are_the_correct_ones_and_more_eps_certifies_fewer(
    bounds: Any, build: Any
) -> None:
    model = build()
    images, labels = images_and_labels(model, 2, count=60)
    labels[::3] = (labels[::3] + 1) % 3
    correct = np.arange(60) % 3 != 0
    built, before = bounds(model), correct
    np.testing.assert_array_equal(certified(built, images, labels, np.zeros(60, np.float32)), correct)
    for eps in (2.0**-10, 0.01, 0.1, 1, 10):
        found = certified(built, images, labels, np.full(60, eps, np.float32))
        assert not (found & ~before).any()
        before = found
    assert before.sum() < correct.sum()
    assert certified(built, images[:0], labels[:0], np.zeros(0, np.float32)).shape == (0,)


def test_each_image_has_its_own_radius() -> None:
    model, images, labels, radii = critical(3, 6)
    eps = (radii * [0.9, 1.1, 0.9, 1.1, 0, 1.1]).astype(np.float32)
    np.testing.assert_array_equal(certified(IntervalBounds(model), images, labels, eps), [1, 0, 1, 0, 1, 0])


class Fixed:
    """Bounds and logits that a test gives."""

    def __init__(self, logits: Any, exact: Any, lower: Any) -> None:
        self.classifier: Any = self
        self._logits, self._exact, self._lower = logits, exact, lower

    def logits(self, images: Any) -> Any:
        return np.array([self._logits] * len(images), np.float32)

    def margins(self, images: Any, labels: Any, eps: Any) -> Any:
        del images, labels
        return np.array([self._lower if radius else self._exact for radius in eps])


IMAGE, LABEL, ONE = np.zeros((1, 2, 2, 3), np.float32), np.zeros(1, np.int64), np.ones(1, np.float32)


@pytest.mark.parametrize(("least", "expected"), [(3.1, False), (3.3, True), (np.nan, False)])
def test_a_margin_that_the_rounding_of_the_network_could_undo_certifies_nothing(least: float, expected: bool) -> None:
    # The second logit of the network is 0.1 off: the margin must exceed 32 times that.
    bounds: Bounds = Fixed([5.0, 0.0, 0.0], [np.inf, 5.1, 5.0], [np.inf, 4.0, least])
    assert certified(bounds, IMAGE, LABEL, ONE)[0] == expected


def test_an_image_that_the_network_itself_gets_wrong_is_not_certified() -> None:
    bounds: Bounds = Fixed([0.0, 0.0, 1e-6], [np.inf, 9.0, 9.0], [np.inf, 9.0, 9.0])
    assert not certified(bounds, IMAGE, LABEL, ONE).any()


WRONG: dict[str, tuple[Any, Any, Any]] = {
    "images uint8": (IMAGE.astype(np.uint8), LABEL, ONE),
    r"images outside \[0, 255\]": (IMAGE + 256, LABEL, ONE),
    "images outside": (IMAGE * np.nan, LABEL, ONE),
    "labels .* expected .* one for each image": (IMAGE, LABEL, np.ones(2, np.float32)),
    "eps from -1": (IMAGE, LABEL, -ONE),
    "eps from inf": (IMAGE, LABEL, ONE * np.inf),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_input_is_refused(message: str) -> None:
    bounds: Bounds = Fixed([1.0, 0.0, 0.0], [np.inf, 1, 1], [np.inf, 1, 1])
    with pytest.raises(BadInput, match=message):
        certified(bounds, *WRONG[message])


def test_a_network_whose_logits_are_not_finite_has_no_certificates() -> None:
    bounds: Bounds = Fixed([np.inf, 0.0, 0.0], [np.inf, 1, 1], [np.inf, 1, 1])
    with pytest.raises(BenchError, match="NaN or infinite"):
        certified(bounds, IMAGE, LABEL, ONE)


def test_pgd_fools_no_image_that_crown_certifies() -> None:
    model = perceptron((16, 16), 5)
    images, labels = images_and_labels(model, 5, count=100)
    eps = (0.0, 0.25, 1.0, 4.0, 16.0)
    split = Split(images.astype(np.uint8), labels, tuple(map(str, range(100))))
    spec = AttackSpec(Pgd(loss="margin", restarts=3), eps)
    right = judge(spec, Classifier(model), split, np.arange(100), 0, lambda *_: None).right
    bounds = CrownBounds(model)
    held = np.stack([certified(bounds, images, labels, np.full(100, radius, np.float32)) for radius in eps])
    assert not (held & ~right).any()
    safe, left = held.sum(axis=1), right.sum(axis=1)
    assert list(safe) == sorted(safe, reverse=True)
    assert left[1] - safe[1] <= 2
    assert safe[-1] < safe[1]
    assert left[-1] < left[1]
