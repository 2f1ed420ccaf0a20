"""Transfer between linear networks, on which the strongest image of the source is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from targets import Linear

from bench.attacks import attack_named
from bench.attacks.apgd import ascend
from bench.attacks.losses import Margin
from bench.attacks.norms import LINF
from bench.attacks.transfer import Transfer
from bench.datasets.base import Images

SHAPE = (6, 6, 3)
EPS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)


def linear(seed: int) -> Linear:
    """Return two classes, the same at 125 in every value."""
    weights = np.random.default_rng(seed).normal(size=(int(np.prod(SHAPE)), 2)) / 100
    return Linear(weights, -125.0 * weights.sum(axis=0))


@pytest.fixture
def images() -> Images:
    # Far from black and white: the box changes nothing.
    return np.random.default_rng(1).uniform(100, 150, (64, *SHAPE)).astype(np.float32)


def towards_the_other(target: Linear, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    return (target.weights[:, 1 - labels] - target.weights[:, labels]).T


def test_each_image_goes_to_the_corner_of_the_source_and_the_target_is_asked_once_a_radius(images: Images) -> None:
    target, source = linear(0), linear(2)
    target.source = source
    labels = target.logits(images).argmax(axis=1)
    asked = []
    target.logits = lambda shown: asked.append(len(shown)) or Linear.logits(target, shown)  # type: ignore[method-assign, func-returns-value]
    found = list(Transfer()(target, images.copy(), labels, EPS, 0))
    assert target.gradients == 0
    assert len(asked) == len(EPS)
    corner = np.sign(towards_the_other(source, labels)).reshape(images.shape)
    margin = -np.abs(np.diff(Linear.logits(target, images).astype(float), axis=1))[:, 0]
    slope = (towards_the_other(target, labels) * corner.reshape(len(images), -1)).sum(axis=1)
    fooled = np.zeros(len(images), bool)
    for radius, moved in zip(EPS[1:], found[1:], strict=True):
        np.testing.assert_allclose(moved[~fooled], (images + radius * corner)[~fooled], atol=1e-3)
        fooled |= margin + radius * slope > 0
        assert ((Linear.logits(target, moved).argmax(axis=1) != labels) == fooled).all()
    assert 0 < fooled.mean() < 1


def test_the_climb_goes_on_where_the_source_is_fooled_already(images: Images) -> None:
    source = linear(2)
    labels = 1 - source.logits(images).argmax(axis=1)  # all incorrect from the start
    eps = np.full(len(images), 3.0, np.float32)
    corner = np.sign(towards_the_other(source, labels)).reshape(images.shape)
    moved, fooled = ascend(source, images, labels, eps, LINF, Margin(), 10, images, stop=False)
    np.testing.assert_allclose(moved, images + 3 * corner, atol=1e-3)
    assert fooled.all()
    unmoved, _ = ascend(source, images, labels, eps, LINF, Margin(), 10, images)
    np.testing.assert_array_equal(unmoved, images)


def test_the_source_is_what_the_text_names() -> None:
    named = attack_named("transfer(source=fc5-b128-synthetic32-0a1b2c3d)")
    assert named.sources == ("fc5-b128-synthetic32-0a1b2c3d",)
    assert attack_named("transfer").sources == ("",)
    assert "fc5-b128-synthetic32-0a1b2c3d" in named.threat(1.0).knowledge
    assert named.threat(1.0).label == "transfer from 0a1b2c3d"
    assert attack_named("apgd").sources == ()
